import Basics
import Spool

/// What could not be done for something in the spool, and when it is worth another try: after a second, two, four, up to a
/// minute. Each trouble is told once.
///
/// One file that cannot be read, or one job whose folder is damaged, must hold up nothing else; and a full disk may be
/// emptied, a server come back.
struct Troubles {
    private struct Entry {
        var status: FileStatus?
        var told = ""
        var tries = 0
        var next = 0.0
    }

    /// Seconds before the first further try.
    let pause: Double
    private var entries: [String: Entry] = [:]

    init(pause: Double) { self.pause = pause }

    /// How many tries are enough to know that waiting does not help, as far as a run with an end is concerned.
    static let enough = 3

    /// Whether to try this now; a file that has changed is a new one.
    mutating func isDue(_ name: String, status: FileStatus? = nil, at now: Double) -> Bool {
        guard let entry = entries[name] else { return true }
        if entry.status != status {
            entries[name] = nil
            return true
        }
        return now >= entry.next
    }

    /// Notes that it failed; says whether that is news, and how many tries there have been.
    mutating func note(_ failure: Failure, of name: String, status: FileStatus? = nil, at now: Double)
        -> (isNews: Bool, tries: Int)
    {
        var entry = entries[name] ?? Entry(status: status)
        // Without the place: a draft has another name each time.
        let isNews = entry.told != failure.what
        entry.told = failure.what
        entry.tries += 1
        entry.next = now + min(60, pause * Double(1 << min(entry.tries - 1, 10)))
        entries[name] = entry
        return (isNews, entry.tries)
    }

    mutating func settle(_ name: String) { entries[name] = nil }

    /// Forgets what is no longer there.
    mutating func keep(only names: Set<String>) { keep(where: names.contains) }

    mutating func keep(where isThere: (String) -> Bool) { entries = entries.filter { isThere($0.key) } }

    /// Whether some of these may still come right by themselves.
    var isHopeful: Bool { entries.values.contains { $0.tries < Troubles.enough } }

    var names: [String] { entries.keys.sorted() }
}
