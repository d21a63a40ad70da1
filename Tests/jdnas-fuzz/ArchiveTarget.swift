import Archive
import Basics
import Foundation
import TestSupport

/// The archive reader: lists, reads and unpacks.
struct ArchiveTarget: FuzzTarget {
    enum Kind: String, CaseIterable {
        case tar
        case tarZstd = "tar.zst"
        /// A tar that is mutated before it is compressed: hardly a change to a compressed one gets as far as the tar's reader.
        case tarInZstd = "packed-tar.zst"
        case zip
    }

    let name: String
    private let kind: Kind
    private let work: URL

    init(_ kind: Kind, work: URL) {
        self.kind = kind
        name = kind.rawValue
        self.work = work.appending(path: "unpacking-\(name)")
    }

    private static let contents: [[(String, String)]] = [
        [("a.txt", "hello\n")],
        [("data/b.json", "{\"format\": 1}"), ("data/c/d.bin", String(repeating: "abc", count: 700)), ("e", "")],
        [("långt/\(String(repeating: "n", count: 150)).txt", "x"), ("z.txt", String(repeating: "z", count: 2000))],
    ]

    func seeds(from folders: [URL]) throws -> [Data] {
        let file = FileManager.default.temporaryDirectory.appending(path: "jdnas-fuzz-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        return try Self.contents.map { contents in
            if kind == .zip {
                var zip = StoredZip()
                for (path, text) in contents { zip.add(path, text) }
                return zip.data
            }
            let members =
                contents.map { ArchiveMember(path: $0, contents: .data(Data($1.utf8))) }
                + [ArchiveMember(path: "copies/1", contents: .copy(of: contents[0].0))]
            try ArchiveWriter.write(members, to: file, format: kind == .tarZstd ? .tarZstd : .tar)
            return try Data(contentsOf: file)
        }
    }

    func packed(_ input: Data, _ random: inout RandomStream) -> Data {
        kind == .tarInZstd ? StoredZstandard.frame(input, &random) : input
    }

    func read(_ file: URL, _ input: Data) throws -> String {
        var limits = ArchiveLimits()
        limits.members = 1000
        limits.memberBytes = 4 << 20
        limits.totalBytes = 16 << 20
        limits.memoryBytes = 1 << 20
        let reader = ArchiveReader(file, container: kind == .zip ? .zip : .tar, limits: limits, allowsCopies: true)
        var found: [String] = []
        let listed = try outcome {
            for member in try reader.members() {
                if let problem = MemberPath.problem(with: member.path) { throw Broken("paths are safe", problem) }
                found.append("member \(member.size.bitWidth - member.size.leadingZeroBitCount)")
            }
        }
        let read = try outcome {
            try reader.forEachMember { member, stream in
                let data = try stream.readAll()
                guard data.count == (member.copyOf == nil ? member.size : 0) else {
                    throw Broken("members have the size that they declare", member.path)
                }
                return .goOn
            }
        }
        try? FileManager.default.removeItem(at: work)
        let inside = work.appending(path: "folder")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        let unpacked = try outcome {
            for member in try reader.unpack(to: inside) {
                let values = try FileManager.default.attributesOfItem(atPath: inside.appending(path: member.path).path)
                guard values[.size] as? Int == member.size else {
                    throw Broken("what is unpacked has the size that was declared", member.path)
                }
            }
        }
        let there = try FileManager.default.contentsOfDirectory(atPath: work.path)
        guard there == (unpacked == "fine" ? ["folder"] : []) else {
            throw Broken("all is unpacked, or nothing", "\(there), \(unpacked)")
        }
        return "\(Set(found).sorted()) \(listed) \(read) \(unpacked)"
    }

    private func outcome(_ body: () throws -> Void) throws -> String {
        do {
            try body()
            return "fine"
        } catch let broken as Broken {
            throw broken
        } catch let failure as Failure {
            guard failure.place != nil, failure.remedy != nil || failure.cause == .system else {
                throw Broken("every failure has a place and a remedy", "\(failure)")
            }
            return outline(failure.what)
        }
    }
}
