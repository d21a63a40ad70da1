import Basics
import Foundation
import Spool
import StageKit

/// What came of a stage's run.
struct Attempt {
    /// The attempt's folder.
    let folder: URL
    /// As `StageProcess.Exit` has them.
    let code: Int32
    /// What the stage reported and saved, in its order.
    let moments: [StageMoment]
    /// The paths that it marked for the bundle; nil where its work did not come to an end.
    let marked: Set<String>?
    /// How many moments there were before it was asked to stop, and the seconds that it then took; nil if it was not asked.
    let stop: (moments: Int, seconds: Double)?
    /// Copies of the attempt's folder as a process that was killed after each checkpoint would have left it.
    let kept: [URL]
    let receipt: Receipt?
    let failure: Failure?

    var isDone: Bool { code == StageProcess.Exit.done && receipt != nil }
    var isCancelled: Bool { code == StageProcess.Exit.cancelled }
    var output: URL { folder.appending(path: "output") }

    /// How it ended, for sentences.
    var end: String {
        if isDone { return "it ended as done" }
        guard let failure else { return "it ended with code \(code), without a failure.json" }
        return "\(failure)".replacing("\n", with: ";")
    }

    var checkpointCount: Int {
        moments.count { if case .checkpoint = $0 { true } else { false } }
    }

    /// How many reports there were after it was asked to stop.
    var reportsAfterStop: Int {
        guard let stop else { return 0 }
        return moments.dropFirst(stop.moments).count { if case .report = $0 { true } else { false } }
    }

    /// In what its result is another than that of `other`; nil where the bytes, the summary and what is bundled are the same.
    func difference(from other: Attempt) -> String? {
        guard let receipt, let expected = other.receipt else { return end }
        let members = Dictionary(uniqueKeysWithValues: receipt.members.map { ($0.path, $0) })
        let wanted = Dictionary(uniqueKeysWithValues: expected.members.map { ($0.path, $0) })
        let problems = Set(members.keys).union(wanted.keys).sorted().compactMap { path -> String? in
            switch (members[path], wanted[path]) {
            case (nil, _): "\(path) is missing"
            case (_, nil): "\(path) is new"
            case (let member?, let want?) where member.sha256 != want.sha256: "\(path) has other bytes"
            case (let member?, let want?) where member.bundle != want.bundle: "\(path) is bundled in one of them only"
            default: nil
            }
        }
        if !problems.isEmpty { return problems.joined(separator: ", ") }
        return receipt.summary == expected.summary ? nil : "its summary is another one"
    }
}

/// When a stage is asked to stop.
enum StopRequest {
    case beforeItBegins
    /// After so many reports and checkpoints.
    case afterMoments(Int)
    /// After so many checkpoints.
    case afterCheckpoints(Int)
}

extension Bench {
    /// Runs the stage once, as `jdnas-stage` runs it, in an attempt's folder of its own.
    ///
    /// - Parameters:
    ///   - what: names the run in messages.
    ///   - inputs: instead of the suite's.
    ///   - left: the folder of an earlier attempt to go on from, as far as it has a checkpoint.
    /// - Throws: `Supervised.End` where the stage crashes or hangs.
    func attempt(
        _ what: String, stage: ResolvedJob.Stage? = nil, inputs: [StageRequest.Input]? = nil,
        goingOnFrom left: URL? = nil, stop: StopRequest? = nil, keepsCheckpoints: Bool = false
    ) throws -> Attempt {
        let stage = try stage ?? resolved()
        let number = attempts.count + 1
        let folder = scratch.appending(path: "work/\(id)/stage/attempts/1-\(number)", directoryHint: .isDirectory)
        try Folder.make(folder)
        let request = folder.appending(path: "request.json")
        try StageRequest(
            jobID: id.text, job: id.jobName, seed: 7, stage: stage, inputs: inputs ?? self.inputs, threads: 1,
            attempt: folder.path, resume: left.flatMap { CheckpointFolder.newest(ofAttempts: [$0]) }?.path
        ).write(to: request)

        let watched = try WatchedPlaces(scratch, besides: folder)
        let recorder = Recorder(
            attempt: folder, stop: stop,
            kept: keepsCheckpoints ? scratch.appending(path: "kept/\(number)") : nil, places: watched)
        let catalog = catalog
        let code = try Supervised(what: what, limit: suite.limit).run(stopAskedAt: recorder.whenAsked) {
            StageProcess.run(
                request, catalog: catalog, cancellation: recorder.cancellation, log: { _ in },
                watch: { recorder.note($0) })
        }
        let seen = recorder.end()
        strays += (seen.strays + watched.changes() + AttemptLayout.strays(in: folder)).map { "\(what): \($0)" }
        progressProblems += seen.progressProblems.map { "\(what): \($0)" }
        let failure = try? JSON(parsing: Data(contentsOf: folder.appending(path: "failure.json")))
            .decode(Failure.self)
        let attempt = Attempt(
            folder: folder, code: code, moments: seen.moments, marked: seen.marked, stop: seen.stop, kept: seen.kept,
            receipt: try? Receipt(reading: folder.appending(path: "receipt.json")), failure: failure)
        attempts.append(attempt)
        return attempt
    }

    /// Places in a list of so many, at most `count` of them, the first and the last among them.
    static func spread(_ total: Int, atMost count: Int) -> [Int] {
        guard total > count else { return Array(0..<max(0, total)) }
        guard count > 1 else { return [0] }
        return (0..<count).map { $0 * (total - 1) / (count - 1) }
    }
}
