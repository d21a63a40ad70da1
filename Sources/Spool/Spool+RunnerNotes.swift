import Basics
import Foundation

/// Something that a runner had to say: what was put right, passed over, or could not be done.
public struct RunnerNote: Codable, Sendable, Hashable {
    public var time: Timestamp
    public var text: String

    public init(_ text: String, at time: Timestamp = .now) {
        self.time = time
        self.text = text
    }
}

/// The latest notes lie in `status/notes.json`, so that the page shows them after the runner's end, too. They are news and no
/// record: without the file, or with one that nobody understands, there are none.
extension Spool {
    private struct Notes: Codable {
        static let format = "jdnas-notes/1"
        var format = Notes.format
        var notes: [RunnerNote]
    }

    private var notesFile: URL { statusFolder.appending(path: "notes.json") }

    /// What runners have said lately, the latest first.
    public func runnerNotes() -> [RunnerNote] {
        guard let data = (try? files.read(notesFile)) ?? nil,
            let found = try? JSON(parsing: data).decode(Notes.self), found.format == Notes.format
        else { return [] }
        return found.notes
    }

    /// Writes them in place of those that are there.
    public func write(_ notes: [RunnerNote]) throws {
        let text = try JSON(encoding: Notes(notes: notes)).prettyText
        try writeNews(Data(text.utf8), at: notesFile, draft: "notes.json")
    }
}
