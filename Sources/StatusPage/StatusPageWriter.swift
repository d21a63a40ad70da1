public import Basics
import Foundation
public import Spool
import Synchronization

/// Keeps a spool's status page current: looks when it is time, and writes when there is something new to see, or when the page
/// would soon seem to be a dead runner's. It may be called from any thread.
public final class StatusPageWriter: Sendable {
    private struct State {
        var reader: OverviewReader
        /// Read when it is first needed: the runner before this one may have written until then.
        var book: NoteBook?
        var pace = RefreshPace()
        var shown: SpoolOverview?
        var written = -Double.infinity
        /// What went wrong, by its text: each is told once.
        var told: Set<String> = []

        var untold: Failure?

        mutating func attempt(_ body: (inout State) throws -> Void) {
            do { try body(&self) } catch {
                let failure = error as? Failure ?? Failure("\(error)", cause: .system)
                // Without the place: a draft has another name each time.
                if told.insert(failure.what).inserted { untold = failure }
            }
        }
    }

    /// Seconds after which a page that says the same is written again: a minute makes it an old one.
    static let renewal = 15.0

    private let spool: Spool
    private let state: Mutex<State>

    public init(_ spool: Spool) {
        self.spool = spool
        state = Mutex(State(reader: OverviewReader(spool)))
    }

    /// Takes down what the runner has to say, for the page and for the next runner's.
    public func note(_ text: String, at time: Timestamp = .now) {
        state.withLock { state in
            var book = state.book ?? NoteBook(spool)
            book.add(text, at: time)
            state.book = book
        }
    }

    /// Looks, and writes, if it is time. A page that cannot be written stops nobody (`takeFailure`).
    ///
    /// - Parameters:
    ///   - isNews: whether something has happened that people want to see at once.
    ///   - now: seconds of a clock that only goes forward.
    public func refresh(isNews: Bool = false, at now: Double = StatusPageWriter.now) {
        state.withLock { state in
            guard state.pace.isDue(at: now, isNews: isNews) else { return }
            let start = StatusPageWriter.now
            state.attempt { state in try write(look(&state, at: now), to: &state, at: now) }
            state.pace.looked(at: now, cost: StatusPageWriter.now - start)
        }
    }

    /// Writes the last page of a runner that ends.
    public func finish(at now: Double = StatusPageWriter.now) {
        state.withLock { state in
            state.attempt { state in
                var overview = try look(&state, at: now)
                if case .works(let signs) = overview.runner { overview.runner = .ended(signs, at: .now) }
                try write(overview, to: &state, at: now)
            }
        }
    }

    /// What has gone wrong since the last call, unless it is the same again.
    public func takeFailure() -> Failure? {
        state.withLock { state in
            defer { state.untold = nil }
            return state.untold
        }
    }

    /// Writes the page as it is to be now, for whoever asks for it.
    public static func write(_ spool: Spool) throws {
        var reader = OverviewReader(spool)
        var overview = try reader.read(at: now)
        overview.notes = NoteBook(spool).notes
        try spool.writeStatusPage(Data(overview.html(written: .now).utf8))
    }

    /// Notes that cannot be written down do not keep the page from showing them.
    private func look(_ state: inout State, at now: Double) throws -> SpoolOverview {
        var book = state.book ?? NoteBook(spool)
        state.attempt { _ in
            do { try book.save(in: spool) } catch {
                throw Failure(
                    "the latest notes are on the page, but cannot be kept for the next runner",
                    at: spool.statusFolder.path, remedy: "\(error)", cause: .system)
            }
        }
        state.book = book
        var overview = try state.reader.read(at: now)
        overview.notes = book.notes
        return overview
    }

    private func write(_ overview: SpoolOverview, to state: inout State, at now: Double) throws {
        guard overview != state.shown || now - state.written >= StatusPageWriter.renewal else { return }
        try spool.writeStatusPage(Data(overview.html(written: .now).utf8))
        (state.shown, state.written) = (overview, now)
    }

    public static var now: Double { ProcessInfo.processInfo.systemUptime }
}
