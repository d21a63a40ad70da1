import Basics
import Foundation
import StageKit
import Synchronization

/// Looks on while a stage runs: notes what it does, asks it to stop, and keeps what a killed process would have left.
final class Recorder: Sendable {
    struct Seen {
        var moments: [StageMoment] = []
        var marked: Set<String>?
        var stop: (moments: Int, seconds: Double)?
        var kept: [URL] = []
        var strays: [String] = []
        var progressProblems: [String] = []
        fileprivate var checkpoints = 0
        fileprivate var asked: ContinuousClock.Instant?
    }

    let cancellation = Cancellation()
    private let attempt: URL
    private let stop: StopRequest?
    private let kept: URL?
    private let places: WatchedPlaces
    private let seen = Mutex(Seen())

    init(attempt: URL, stop: StopRequest?, kept: URL?, places: WatchedPlaces) {
        self.attempt = attempt
        self.stop = stop
        self.kept = kept
        self.places = places
        if case .beforeItBegins = stop { seen.withLock { ask(&$0) } }
    }

    /// When the stage was asked to stop.
    @Sendable func whenAsked() -> ContinuousClock.Instant? { seen.withLock { $0.asked } }

    func note(_ moment: StageMoment) {
        seen.withLock { seen in
            if case .end(let marked) = moment {
                seen.marked = marked
                return
            }
            seen.moments.append(moment)
            if case .checkpoint = moment {
                seen.checkpoints += 1
                keep(&seen)
            }
            if seen.moments.count <= 200 {
                seen.strays += places.strayNames()
                if let problem = ProgressText.problem(with: attempt.appending(path: "progress.json")) {
                    seen.progressProblems.append(problem)
                }
            }
            switch stop {
            case .afterMoments(seen.moments.count): ask(&seen)
            case .afterCheckpoints(let count) where seen.checkpoints >= count && seen.asked == nil: ask(&seen)
            default: break
            }
        }
    }

    private func ask(_ seen: inout Seen) {
        seen.asked = .now
        seen.stop = (seen.moments.count, 0)
        cancellation.cancel()
    }

    /// Nothing but checkpoints outlives a process for the next one.
    private func keep(_ seen: inout Seen) {
        guard let kept else { return }
        let copy = kept.appending(path: "\(seen.kept.count + 1)", directoryHint: .isDirectory)
        do {
            try Folder.make(copy)
            try FileManager.default.copyItem(
                at: attempt.appending(path: "checkpoint"), to: copy.appending(path: "checkpoint"))
            seen.kept.append(copy)
        } catch {
            seen.strays.append("its checkpoint cannot be copied: \(error)")
        }
    }

    /// What was seen, once the stage has ended.
    func end() -> Seen {
        seen.withLock { seen in
            if let asked = seen.asked { seen.stop?.seconds = (ContinuousClock.now - asked) / .seconds(1) }
            return seen
        }
    }
}

/// `progress.json` as people's programs read it.
enum ProgressText {
    /// What is wrong with the file; nil where it is fine or not there yet.
    static func problem(with file: URL) -> String? {
        guard let data = try? Data(contentsOf: file) else { return nil }
        guard let json = try? JSON(parsing: data), json["format"]?.string == "jdnas-progress/1" else {
            return "progress.json is not what StageProgress writes"
        }
        guard let fraction = json["fraction"]?.number, (0...1).contains(fraction) else {
            return "progress.json has no fraction from 0 to 1"
        }
        let eta = json["eta"] ?? .null
        guard eta.isNull || eta.number.map({ $0.isFinite && $0 >= 0 }) == true else {
            return "progress.json has a time to go that is none: \(eta.canonicalText)"
        }
        return nil
    }
}
