import Basics
import Foundation
import Spool

extension StageRequest.Input {
    /// The artifact behind `file: PATH` in a manifest. `PATH` is
    /// - a stage's folder in a spool (`work/<job id>/<stage>`), an attempt's folder, or its `output` folder: checked
    ///   against its receipt;
    /// - a detector's folder (one that holds `architecture.json`), wherever it lies: its contents count.
    public init(file path: String) throws {
        let url = URL(filePath: path).standardizedFileURL
        guard let status = FileStatus(url.resolvingSymlinksInPath()) else {
            throw Failure("there is nothing at this path", at: path, remedy: "check the path in 'needs'")
        }
        let reference = "file:\(path)"
        if status.kind == .file {
            throw Failure(
                "a file cannot be an input yet, a bundle neither", at: path,
                remedy: "unpack the bundle ('jdnas bundle unpack') and name the folder that you need")
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
            guard let kind = ArtifactKind(rawValue: receipt.kind),
                let output = folders.first(where: { FileStatus($0)?.kind == .folder })
            else { throw Failure("the receipt's artifact is not here", at: path, remedy: "name a whole stage folder") }
            self.init(
                reference: reference, kind: kind, directory: output.path, digest: receipt.artifactDigest,
                receipt: file.path)
            return
        }
        guard FileStatus(url.appending(path: "architecture.json"))?.kind == .file else {
            throw Failure(
                "neither a stage's result nor a detector", at: path,
                remedy: "name a folder with a receipt.json or an architecture.json")
        }
        self.init(
            reference: reference, kind: .detector, directory: url.path,
            digest: artifactDigest(try Receipt.members(of: url) { _ in false }))
    }
}

/// As `Receipt.artifactDigest`, for a folder without a receipt.
func artifactDigest(_ members: [Receipt.Member]) -> Digest {
    Digest(of: members.map { "\($0.sha256.hex) \($0.size) \($0.path)\n" }.joined())
}
