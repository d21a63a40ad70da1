import Basics
import Foundation
import Spool

// How jobs and stages are shown to people.

extension JobStatus {
    /// `queued`, `held`, `queued, priority 5`, `running, paused`.
    var stateText: String {
        if isCancelled { return "cancelling" }
        if isToBeRetried { return "\(state.word), to be tried again" }
        let word = isHeld ? "held" : isPaused ? "\(state.word), paused" : state.word
        return priority == 0 ? word : "\(word), priority \(priority)"
    }

    /// 0…1 over all stages.
    var fraction: Double {
        if state == .done { return 1 }
        return stages.isEmpty ? 0 : stages.map(\.fraction).reduce(0, +) / Double(stages.count)
    }

    /// The stage that something can be said of: the one that runs, else the one that failed.
    var current: StageStatus? {
        stages.first { $0.state == .running } ?? stages.first { $0.state == .failed }
            ?? stages.first { $0.state == .interrupted }
    }

    /// `search 42%`, `3 of 5 stages`.
    var progressText: String {
        guard !stages.isEmpty else { return "-" }
        let done = stages.count { $0.state == .done }
        guard let current, state != .done else { return "\(done) of \(stages.count) stages" }
        return "\(done) of \(stages.count) stages, \(current.name) \(percent(current.fraction))"
    }

    var etaText: String { current?.eta.map { "\(spanText(seconds: $0))" } ?? "-" }

    /// Since it was handed in.
    func ageText(now: Timestamp) -> String {
        submitted.map { spanText(seconds: max(0, now.seconds(since: $0))) } ?? "-"
    }

    /// How long it has run, or ran.
    func runtimeText(now: Timestamp) -> String? {
        started.map { spanText(seconds: max(0, (finished ?? now).seconds(since: $0))) }
    }
}

extension StageStatus {
    static let header = ["STAGE", "STATE", "DONE", "LEFT", "TOOK", "CPU", "MEMORY", "", ""]
    /// The columns of numbers.
    static let right: Set = [2, 3, 4, 5, 6]

    var row: [String] {
        let share = state == .waiting ? "" : percent(fraction)
        let tries = attempts > 1 ? "\(attempts) attempts" : ""
        let costs = used.map {
            [spanText(seconds: $0.seconds), spanText(seconds: $0.processorSeconds), byteText($0.peakBytes)]
        }
        return [name, state.rawValue, share, eta.map { spanText(seconds: $0) } ?? ""] + (costs ?? ["", "", ""])
            + [tries, message]
    }
}

func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded(.down)))%" }
