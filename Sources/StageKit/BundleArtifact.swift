import Archive
import Basics
import Bundles
import Foundation
import Spool

/// A stage's result in a job's bundle: `file: PATH/night.tar.zst/teachers`. Only one that the bundle holds whole can be used.
struct BundleArtifact {
    private let bundle: Bundles.Bundle
    private let stage: String
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
        self.stage = stage
        let present = Set(try bundle.list().map(\.path))
        guard present.contains(Self.receiptPath(stage)) else {
            throw Failure("the bundle holds no stage '\(stage)'", at: path, remedy: Self.remedy(bundle, present))
        }
        receipt = try Self.receipt(of: stage, in: bundle)
        if let missing = receipt.members.first(where: { !present.contains("\(stage)/\($0.path)") }) {
            throw Failure(
                "the bundle holds only a part of '\(stage)': not \(missing.path)", at: path,
                remedy: "name the job's stage in its spool: 'JOB/\(stage)'")
        }
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
            return receipt.members.allSatisfy { present.contains("\(stage)/\($0.path)") } ? stage : nil
        }
        if whole.isEmpty { return "name a stage's result in a spool: the bundle holds none that is whole" }
        return "name a stage in it: "
            + whole.sorted().map { "\(bundle.url.lastPathComponent)/\($0)" }.joined(separator: ", ")
    }

    private static func receipt(of stage: String, in bundle: Bundles.Bundle) throws -> Receipt {
        let path = receiptPath(stage)
        return try Receipt(parsing: bundle.data(of: path), at: "\(bundle.url.path): \(path)")
    }

    /// Unpacks it below a folder, once for each artifact.
    func unpack(below imports: URL) throws -> (directory: URL, receipt: URL) {
        let folder = imports.appending(path: receipt.artifactDigest.hex, directoryHint: .isDirectory)
        let file = folder.appending(path: Self.receiptPath(stage))
        if !FileManager.default.fileExists(atPath: file.path) {
            try? FileManager.default.removeItem(at: folder)
            let paths = receipt.members.map { "\(stage)/\($0.path)" } + [Self.receiptPath(stage)]
            try bundle.unpack(to: folder, only: Set(paths))
        }
        return (folder.appending(path: stage, directoryHint: .isDirectory), file)
    }
}
