import Archive
import Basics
import Bundles
import Foundation
import Spool

/// A stage's result in a job's bundle: `file: PATH/night.tar.zst/teachers`. Only one that the bundle holds whole can be used.
struct BundleArtifact {
    private let bundle: Bundles.Bundle
    /// Where in the bundle each member lies.
    private let places: [String: String]
    let receipt: Receipt

    private static func receiptPath(_ stage: String) -> String { "receipts/\(stage).json" }

    /// The bundle and the stage that a path names; nil where no folder of the path is a file.
    static func split(_ path: String) -> (bundle: URL, stage: String)? {
        let url = URL(filePath: path).standardizedFileURL
        let parent = url.deletingLastPathComponent()
        guard FileStatus(parent.resolvingSymlinksInPath())?.kind == .file else { return nil }
        return (parent, url.lastPathComponent)
    }

    init(_ url: URL, stage: String, at path: String) throws {
        bundle = Bundles.Bundle(url)
        let present = Set(try bundle.list().map(\.path))
        guard present.contains(Self.receiptPath(stage)) else {
            throw Failure("the bundle holds no stage '\(stage)'", at: path, remedy: Self.remedy(bundle, present))
        }
        receipt = try Self.receipt(of: stage, in: bundle)
        places = Self.places(of: stage, receipt, present)
        if let missing = receipt.members.first(where: { places[$0.path] == nil }) {
            throw Failure(
                "the bundle holds only a part of '\(stage)': not \(missing.path)", at: path,
                remedy: "name the job's stage in its spool: 'JOB/\(stage)'")
        }
    }

    /// Where a stage's members lie, as far as they are there: below its name; an evaluation's, where nothing else has the name,
    /// at the top.
    private static func places(of stage: String, _ receipt: Receipt, _ present: Set<String>) -> [String: String] {
        let folders = ["\(stage)/"] + (receipt.kind == ArtifactKind.evaluation.rawValue ? [""] : [])
        return Dictionary(
            receipt.members.compactMap { member in
                folders.map { $0 + member.path }.first(where: present.contains).map { (member.path, $0) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// What the stages are that can be named behind a bundle's path.
    static func remedy(_ url: URL) -> String {
        let bundle = Bundles.Bundle(url)
        guard let members = try? bundle.list() else { return "name a folder, or a stage in a job's bundle: FILE/STAGE" }
        return remedy(bundle, Set(members.map(\.path)))
    }

    private static func remedy(_ bundle: Bundles.Bundle, _ present: Set<String>) -> String {
        let whole = present.compactMap { path -> String? in
            guard path.hasPrefix("receipts/"), path.hasSuffix(".json") else { return nil }
            let stage = String(path.dropFirst("receipts/".count).dropLast(".json".count))
            guard let receipt = try? receipt(of: stage, in: bundle) else { return nil }
            return places(of: stage, receipt, present).count == receipt.members.count ? stage : nil
        }
        if whole.isEmpty { return "name a stage's result in a spool: the bundle holds none that is whole" }
        return "name a stage in it: "
            + whole.sorted().map { "\(bundle.url.lastPathComponent)/\($0)" }.joined(separator: ", ")
    }

    private static func receipt(of stage: String, in bundle: Bundles.Bundle) throws -> Receipt {
        let path = receiptPath(stage)
        return try Receipt(parsing: bundle.data(of: path), at: "\(bundle.url.path): \(path)")
    }

    /// Unpacks it below a folder, once for each receipt: `<digest of the receipt>/receipt.json` and `output/`.
    func unpack(below imports: URL) throws -> (directory: URL, receipt: URL) {
        let files = FileManager.default
        let bytes = try receipt.sealed()
        let folder = imports.appending(path: Digest(of: bytes).hex, directoryHint: .isDirectory)
        let place = (directory: folder.appending(path: "output"), receipt: folder.appending(path: "receipt.json"))
        if files.fileExists(atPath: place.receipt.path), receipt.verify(in: place.directory, contents: false).isEmpty {
            return place
        }
        do { try files.createDirectory(at: imports, withIntermediateDirectories: true) } catch {
            throw Failure("cannot make this folder", at: imports.path, remedy: "check permissions", cause: .system)
        }
        // One runner imports at a time: what lies here half done is of one that died.
        for name in try files.contentsOfDirectory(atPath: imports.path) where name.hasPrefix(Self.draftPrefix) {
            try? files.removeItem(at: imports.appending(path: name))
        }
        let draft = imports.appending(path: "\(Self.draftPrefix)\(UUID().uuidString)", directoryHint: .isDirectory)
        defer { try? files.removeItem(at: draft) }
        let unpacked = draft.appending(path: "unpacked")
        let whole = draft.appending(path: "whole", directoryHint: .isDirectory)
        try files.createDirectory(at: whole, withIntermediateDirectories: true)
        try bundle.unpack(to: unpacked, only: Set(places.values))
        let output = whole.appending(path: "output", directoryHint: .isDirectory)
        try files.createDirectory(at: output, withIntermediateDirectories: true)
        for (path, place) in places {
            let member = output.appending(path: path)
            try files.createDirectory(at: member.deletingLastPathComponent(), withIntermediateDirectories: true)
            try files.moveItem(at: unpacked.appending(path: place), to: member)
        }
        if let problem = receipt.verify(in: output).first {
            throw Failure(
                "the bundle's '\(receipt.stage)' does not fit its receipt: \(problem)", at: bundle.url.path,
                remedy: "copy the bundle again, or run the job again")
        }
        for path in [""] + (files.enumerator(atPath: whole.path)?.compactMap { $0 as? String } ?? []) {
            let inside = whole.appending(path: path)
            if FileStatus(inside)?.kind == .folder { try DurableFile.syncDirectory(inside) }
        }
        try DurableFile.write(bytes, to: whole.appending(path: "receipt.json"))
        if files.fileExists(atPath: folder.path) { try files.removeItem(at: folder) }
        try files.moveItem(at: whole, to: folder)
        try DurableFile.syncDirectory(imports)
        return place
    }

    private static let draftPrefix = ".draft-"
}
