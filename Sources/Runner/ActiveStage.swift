import Basics
import Foundation
import Glibc
import Manifest
import Spool
import StageKit

/// A stage that runs, and what has been asked of it.
final class ActiveStage {
    let token: Token
    let stage: ResolvedJob.Stage
    let attempt: AttemptFolder
    let execution: any StageExecution
    let slots: Slots
    let window: DailyWindow?
    /// What its result is found by later on; nil where it is not to be used again.
    let cacheKey: Digest?
    /// Seconds that it may still take.
    let secondsLeft: Double?

    /// Why it was asked to end.
    private(set) var endedBy = EndedBy.itself
    var shown: ProgressFile?
    private let clock: () -> Double
    private let begun: Double
    private var pulse: Pulse
    private var deadline: Double?
    private var isKilled = false
    private var lastWeighed = -Double.infinity

    init(
        _ stage: ResolvedJob.Stage, of token: Token, _ attempt: AttemptFolder, _ execution: any StageExecution,
        slots: Slots, window: DailyWindow?, cacheKey: Digest?, secondsLeft: Double?, clock: @escaping () -> Double
    ) {
        self.token = token
        self.stage = stage
        self.attempt = attempt
        self.execution = execution
        self.slots = slots
        self.window = window
        self.cacheKey = cacheKey
        self.secondsLeft = secondsLeft
        self.clock = clock
        begun = clock()
        pulse = Pulse(of: attempt, at: begun)
    }

    /// Asks it to save its state and end; it is ended after `grace` seconds. Once is enough, more do nothing.
    func stop(_ reason: EndedBy, grace: Double) {
        guard endedBy == .itself else { return }
        endedBy = reason
        execution.terminate()
        deadline = clock() + grace
    }

    /// Ends it.
    func kill(_ reason: EndedBy? = nil) {
        guard !isKilled else { return }
        if let reason, endedBy == .itself { endedBy = reason }
        execution.kill()
        isKilled = true
    }

    /// Ends it when it was asked to end and did not.
    func enforce() {
        if let deadline, clock() > deadline { kill() }
    }

    /// Seconds without a sign of life.
    func silence() -> Double { pulse.silence(at: clock()) }

    /// Seconds that it has run; a clock that is set does not change them.
    var elapsed: Double { clock() - begun }

    /// Whether its time is up.
    var isOverTime: Bool { secondsLeft.map { elapsed > $0 } ?? false }

    /// Bytes that it holds where that is more than it may; looked at once a second.
    func excess() -> Int? {
        guard let limit = stage.rules?.resources.memory, clock() - lastWeighed >= 1 else { return nil }
        lastWeighed = clock()
        return execution.memory().flatMap { $0 > limit ? $0 : nil }
    }
}

/// What made a stage's process end.
enum EndedBy: Equatable {
    case itself
    /// The runner was stopped.
    case runner
    /// It is to end, or to wait, and the reason.
    case wish(String)
    /// It hung: neither its log nor its progress changed.
    case silence(seconds: Double)
    /// It went over its time.
    case time(seconds: Double)
    /// It went over its memory.
    case memory(limit: Int, used: Int)
}

/// When a stage last showed that it lives: by its log or its progress.
private struct Pulse {
    private let attempt: AttemptFolder
    private var seen: [FileStatus?]
    private var last: Double

    init(of attempt: AttemptFolder, at now: Double) {
        self.attempt = attempt
        seen = Pulse.look(attempt)
        last = now
    }

    /// Seconds without a change.
    mutating func silence(at now: Double) -> Double {
        let found = Pulse.look(attempt)
        if found != seen {
            seen = found
            last = now
        }
        return now - last
    }

    private static func look(_ attempt: AttemptFolder) -> [FileStatus?] {
        [FileStatus(attempt.log), FileStatus(attempt.progress)]
    }
}
