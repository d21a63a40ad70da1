import Basics
public import Foundation
import Spool

/// The artifact behind `file: PATH` in a manifest, found but not yet read. `PATH` is
/// - a stage's folder in a spool (`work/<job id>/<stage>`), an attempt's folder, or its `output` folder: its receipt counts;
/// - `FILE/STAGE`: a stage's result in a job's bundle, where the bundle holds all of it;
/// - a detector's folder (one that holds `architecture.json`), wherever it lies: its contents count.
struct FileArtifact {
    let kind: ArtifactKind
    let directory: URL
    /// The receipt and its file; nil for a detector's folder.
    let receipt: (record: Receipt, file: URL)?

    init(at path: String) throws {
        let url = URL(filePath: path).standardizedFileURL
        guard let status = FileStatus(url.resolvingSymlinksInPath()) else {
            throw Failure("there is nothing at this path", at: path, remedy: "check the path in 'needs'")
        }
        if status.kind == .file {
            throw Failure("this is a file, not a stage's result", at: path, remedy: BundleArtifact.remedy(url))
        }
        for candidate in [url, url.deletingLastPathComponent()] {
            let file = candidate.appending(path: "receipt.json")
            guard FileStatus(file) != nil else { continue }
            if candidate != url && url.lastPathComponent != "output" { continue }
            let receipt = try Receipt(reading: file)
            let name = receipt.attempt.split(separator: "/").last.map(String.init) ?? ""
            let folders = [
                candidate.appending(path: "output"), candidate.appending(path: "attempts/\(name)/output"),
            ]
            guard let output = folders.first(where: { FileStatus($0)?.kind == .folder })
            else { throw Failure("the receipt's artifact is not here", at: path, remedy: "name a whole stage folder") }
            kind = try Self.kind(of: receipt, at: path)
            self.directory = output
            self.receipt = (receipt, file)
            return
        }
        guard FileStatus(url.appending(path: "architecture.json"))?.kind == .file else {
            throw Failure(
                "neither a stage's result nor a detector", at: path,
                remedy: "name a folder with a receipt.json or an architecture.json")
        }
        kind = .detector
        directory = url
        receipt = nil
    }

    /// What lies at a path, as far as it shows without unpacking anything.
    static func kind(at path: String) throws -> ArtifactKind {
        guard let (url, stage) = BundleArtifact.split(path) else { return try FileArtifact(at: path).kind }
        return try kind(of: try BundleArtifact(url, stage: stage, at: path).receipt, at: path)
    }

    static func kind(of receipt: Receipt, at path: String) throws -> ArtifactKind {
        guard let kind = ArtifactKind(rawValue: receipt.kind) else {
            throw Failure(
                "an artifact of the unknown kind '\(receipt.kind)'", at: path, remedy: "use the jdnas that made it",
                cause: .input)
        }
        return kind
    }
}

/// Artifacts on the disk as inputs of stages. A folder without a receipt is hashed once, and again when one of its files
/// has changed.
public final class FileArtifacts {
    private var known: [String: (files: [FileStatus?], digest: Digest)] = [:]
    private var unpacked: [String: (bundle: FileStatus?, input: StageRequest.Input)] = [:]
    private let imports: URL

    /// - Parameter imports: the folder that what is in bundles is unpacked below.
    public init(imports: URL) { self.imports = imports }

    /// The input that `file: PATH` means.
    public func input(_ path: String) throws -> StageRequest.Input {
        if let (url, stage) = BundleArtifact.split(path) { return try input(path, url, stage) }
        let artifact = try FileArtifact(at: path)
        return StageRequest.Input(
            reference: "file:\(path)", kind: artifact.kind, directory: artifact.directory.path,
            digest: try artifact.receipt?.record.artifactDigest ?? digest(of: artifact.directory),
            receipt: artifact.receipt?.file.path)
    }

    /// A bundle is read again only when it has changed, or what was unpacked is gone.
    private func input(_ path: String, _ bundle: URL, _ stage: String) throws -> StageRequest.Input {
        let status = FileStatus(bundle.resolvingSymlinksInPath())
        if let known = unpacked[path], known.bundle == status, let receipt = known.input.receipt,
            FileManager.default.fileExists(atPath: receipt)
        {
            return known.input
        }
        let artifact = try BundleArtifact(bundle, stage: stage, at: path)
        let (directory, receipt) = try artifact.unpack(below: imports)
        let input = StageRequest.Input(
            reference: "file:\(path)", kind: try FileArtifact.kind(of: artifact.receipt, at: path),
            directory: directory.path, digest: artifact.receipt.artifactDigest, receipt: receipt.path)
        unpacked[path] = (status, input)
        return input
    }

    private func digest(of folder: URL) throws -> Digest {
        let files = try FolderWalk(folder).files.map { FileStatus(folder.appending(path: $0)) }
        if let known = known[folder.path], known.files == files { return known.digest }
        let digest = Receipt.artifactDigest(of: try Receipt.members(of: folder) { _ in false })
        known[folder.path] = (files, digest)
        return digest
    }
}
