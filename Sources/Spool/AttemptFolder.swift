import Basics
public import Foundation

/// One attempt at a stage: `work/<job id>/<stage>/attempts/<epoch>-<n>/`. A stage writes here and nowhere else.
///
/// `epoch` counts the job's claims by runners and fences: a stage of a runner that lost its claim writes into a folder
/// that nobody looks at. `number` counts the stage's attempts from 1.
public struct AttemptFolder: Sendable, Hashable, Comparable {
    public let job: JobID
    public let stage: String
    public let epoch: Int
    public let number: Int
    /// The spool's folder.
    public let spool: URL

    public init(spool: URL, job: JobID, stage: String, epoch: Int, number: Int) {
        self.spool = spool
        self.job = job
        self.stage = stage
        self.epoch = epoch
        self.number = number
    }

    /// The attempt of which this is the folder: `…/work/<job id>/<stage>/attempts/<epoch>-<n>`; nil if it is no such path.
    public init?(at url: URL) {
        let parts = url.standardizedFileURL.pathComponents.suffix(5)
        guard parts.count == 5, let name = parts.last.flatMap(AttemptFolder.parse) else { return nil }
        let words = Array(parts)
        guard words[0] == "work", let job = JobID(words[1]), isLegalName(words[2]), words[3] == "attempts" else {
            return nil
        }
        var root = url.standardizedFileURL
        for _ in 0..<5 { root.deleteLastPathComponent() }
        self.init(spool: root, job: job, stage: words[2], epoch: name.epoch, number: name.number)
    }

    public var name: String { "\(epoch)-\(number)" }
    /// Relative to the spool; as a receipt has it.
    public var path: String { "work/\(job)/\(stage)/attempts/\(name)" }
    public var url: URL { spool.appending(path: path, directoryHint: .isDirectory) }

    /// What the stage is to do (StageKit's StageRequest).
    public var request: URL { url.appending(path: "request.json") }
    /// Standard output and standard error of the stage's process.
    public var log: URL { url.appending(path: "log.txt") }
    /// A `ProgressFile`, replaced as the stage goes on.
    public var progress: URL { url.appending(path: "progress.json") }
    /// The artifact.
    public var output: URL { url.appending(path: "output", directoryHint: .isDirectory) }
    /// Checkpoints of the stage.
    public var checkpoint: URL { url.appending(path: "checkpoint", directoryHint: .isDirectory) }
    /// The receipt as the stage writes it, last of all; published by a link from the stage's folder.
    public var receipt: URL { url.appending(path: "receipt.json") }
    /// Basics' `Failure` as JSON, written by a stage that gave up.
    public var failure: URL { url.appending(path: "failure.json") }
    /// How the process ended (`AttemptOutcome`), written by the runner.
    public var outcome: URL { url.appending(path: "outcome.json") }

    /// Reads a folder's name `<epoch>-<n>`.
    static func parse(_ name: String) -> (epoch: Int, number: Int)? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = Int(parts[0]), let number = Int(parts[1]), epoch > 0, number > 0 else {
            return nil
        }
        return "\(epoch)-\(number)" == name ? (epoch, number) : nil
    }

    public static func < (a: AttemptFolder, b: AttemptFolder) -> Bool { (a.number, a.epoch) < (b.number, b.epoch) }
}
