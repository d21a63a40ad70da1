import Basics
public import Foundation
import Synchronization

/// How far a stage is: writes `progress.json` (replaced whole, at most twice a second), a line of the log, and now and then (the
/// first time, each ten seconds, and when all is done) a line of `progress.jsonl`, which keeps what `progress.json` said: how the stage went.
///
/// `progress.json` (`ProgressFile` of Spool reads it): `{"format": "jdnas-progress/1", "fraction": 0…1, "message",
/// "eta": seconds or null, "elapsed": seconds, "metrics": {name: number}, "updated": seconds since 1970}`, and "table":
/// `{"title", "header": [text], "rows": [[text]]}` where one is shown.
public final class StageProgress: Sendable {
    private let file: URL?
    private let course = AppendedFile()
    private let log: @Sendable (String) -> Void
    private let events: EventFile?
    private let watch: StageWatch?
    private let pace: Duration
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    private struct State {
        var written: ContinuousClock.Instant?
        /// When a line of `progress.jsonl` was, and whether it said that all is done.
        var noted: (instant: ContinuousClock.Instant, isEnd: Bool)?
        /// The last report at the fraction that the stage began with: a resumed one does not start at 0, and what is done
        /// before anything counts (a search measures latencies) tells nothing of how long the rest takes.
        var first: (instant: ContinuousClock.Instant, fraction: Double)?
        var table: JSON?
    }

    /// Without a file, only the log is written.
    ///
    /// - Parameter pace: between two lines of `progress.jsonl`; a night is some thousand lines with that of ten seconds.
    public init(
        file: URL?, pace: Duration = .seconds(10), log: @escaping @Sendable (String) -> Void, watch: StageWatch? = nil
    ) {
        self.file = file
        self.pace = pace
        self.watch = watch
        self.log = log
        events = file.map { EventFile(folder: $0.deletingLastPathComponent().appending(path: "events")) }
    }

    /// Tells how much of the work is done (0…1), what is being done, and numbers worth watching (loss, AP).
    public func report(fraction: Double, message: String, metrics: [String: Double] = [:]) {
        tell(fraction: fraction.isFinite ? min(max(fraction, 0), 1) : 0, message: message, metrics: metrics)
        watch?(.report(fraction: fraction, message: message, metrics: metrics))
    }

    private func tell(fraction: Double, message: String, metrics: [String: Double]) {
        let now = ContinuousClock.now
        let first: (instant: ContinuousClock.Instant, fraction: Double)? = state.withLock { state in
            if fraction <= state.first?.fraction ?? 1 { state.first = (now, fraction) }
            if let written = state.written, now - written < .milliseconds(500), fraction < 1 { return nil }
            state.written = now
            return state.first
        }
        guard let first else { return }
        let spent = (now - first.instant) / .seconds(1)
        let gained = fraction - first.fraction
        // The first per cent may be a second long: its pace says little.
        let eta = gained >= 0.01 && spent > 0 ? spent * (1 - fraction) / gained : nil
        write(fraction, message, metrics, eta: eta, elapsed: (now - start) / .seconds(1))

        var line = "\(Int((fraction * 100).rounded(.down)))% \(message)"
        for (name, value) in metrics.sorted(by: { $0.key < $1.key }) { line += ", \(name) \(shortText(value))" }
        if let eta, fraction < 1 { line += ", \(spanText(seconds: eta)) left" }
        log(line)
    }

    /// Numbers of a step (a loss, an AP), for TensorBoard: every one is kept, in the attempt's `events/`.
    public func record(step: Int, _ scalars: [String: Double]) { events?.add(step: step, scalars) }

    /// What was found so far, for `jdnas show` while the stage runs: it goes out with the reports from now on.
    public func show(_ title: String, header: [String], rows: [[String]]) {
        func texts(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
        let table: JSON = ["title": .string(title), "header": texts(header), "rows": .array(rows.map(texts))]
        state.withLock { $0.table = table }
        watch?(.table(title: title))
    }

    /// A file that cannot be written must not stop the work: progress is for looking at.
    private func write(
        _ fraction: Double, _ message: String, _ metrics: [String: Double], eta: Double?, elapsed: Double
    ) {
        guard let file else { return }
        var record: [String: JSON] = [
            "format": "jdnas-progress/1", "fraction": .number(fraction), "message": .string(message),
            "eta": eta.map(JSON.number) ?? .null, "elapsed": .number(elapsed),
            "metrics": .object(metrics.filter(\.value.isFinite).mapValues(JSON.number)),
            "updated": .number(Date().timeIntervalSince1970),
        ]
        if isToBeNoted(fraction) {
            course.append(Array("\(JSON.object(record).canonicalText)\n".utf8)) {
                (file.deletingPathExtension().appendingPathExtension("jsonl"), [])
            }
        }
        if let table = state.withLock({ $0.table }) { record["table"] = table }
        try? Data(JSON.object(record).prettyText.utf8).write(to: file, options: .atomic)
    }

    private func isToBeNoted(_ fraction: Double) -> Bool {
        let now = ContinuousClock.now
        return state.withLock { state in
            let isEnd = fraction >= 1
            if let noted = state.noted, now - noted.instant < pace, !isEnd || noted.isEnd { return false }
            state.noted = (now, isEnd)
            return true
        }
    }
}

/// A number in at most six digits: `0.4213`, `12.5`, `18000`.
func shortText(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    if value == value.rounded(), abs(value) < 1e9 { return "\(Int(value))" }
    return String(format: "%.4g", value)
}
