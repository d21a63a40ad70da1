import Spool

/// The runner's latest notes, the latest first, of this runner and of those before it.
struct NoteBook {
    private(set) var notes: [RunnerNote]
    /// Whether the file lacks some: the disk may have been full.
    private var isUnsaved = false

    init(_ spool: Spool) { notes = Array(spool.runnerNotes().prefix(Limits.notes)) }

    /// One that says the same as an earlier one takes its place: what is told again and again must not hide the rest.
    mutating func add(_ text: String, at time: Timestamp) {
        let note = RunnerNote(cut(text, Limits.reason), at: time)
        notes.removeAll { $0.text == note.text }
        notes = Array(([note] + notes).prefix(Limits.notes))
        isUnsaved = true
    }

    mutating func save(in spool: Spool) throws {
        guard isUnsaved else { return }
        try spool.write(notes)
        isUnsaved = false
    }
}
