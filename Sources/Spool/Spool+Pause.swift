import Basics
import Foundation

/// What users want of the runner as a whole: `wishes/pause` and `wishes/drain`.
extension Spool {
    public enum Pause: String, Sendable, Hashable {
        /// No stage is started.
        case pause
        /// And the one that runs saves its state and stops.
        case now
    }

    /// Whether the spool is paused, and how.
    public var pauseWish: Pause? {
        guard files.exists(pauseFile) else { return nil }
        let data = (try? files.read(pauseFile)) ?? Data()
        let text = String(decoding: data.prefix(16), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Pause(rawValue: text) ?? .pause
    }

    public func pause(_ pause: Pause) throws {
        try makeFolder(wishesFolder)
        try replace(Data("\(pause.rawValue)\n".utf8), at: pauseFile)
    }

    /// Lets stages be started again; false where it was not paused.
    public func resume() throws -> Bool { try removeWish(pauseFile) }

    /// Whether the runner that lives now is to end once nothing is left to do.
    public var isToDrain: Bool { files.exists(drainFile) }

    public func drain() throws {
        try makeFolder(wishesFolder)
        try replace(Data("drain\n".utf8), at: drainFile)
    }

    /// What was asked of one runner is nothing to the next.
    public func forgetDrain() throws { _ = try removeWish(drainFile) }

    private var pauseFile: URL { wishesFolder.appending(path: "pause") }
    var drainFile: URL { wishesFolder.appending(path: "drain") }
}
