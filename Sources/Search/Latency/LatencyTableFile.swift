import Basics
public import Foundation
public import Training

/// A latency table in a file, for commands: one file for each device and number of threads, extended whenever an operator
/// comes that it lacks.
public struct LatencyTableFile: Sendable {
    public let url: URL
    private let device: DeviceIdentity

    /// - Parameter url: nil for the device's own file in the user's cache (`$XDG_CACHE_HOME`, else `~/.cache`).
    public init(_ url: URL?, device: DeviceIdentity) throws {
        self.device = device
        let digest = Digest(of: try JSON(encoding: device).canonicalText).hex.prefix(16)
        self.url = url ?? Self.cache.appending(path: "jdnas/latency-\(digest).json")
    }

    private static var cache: URL {
        if let named = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"], named.hasPrefix("/") {
            return URL(filePath: named)
        }
        return FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
    }

    /// What was measured so far; an empty table where there is no file yet. Another device's is refused.
    public func read() throws -> LatencyTable {
        guard FileManager.default.fileExists(atPath: url.path) else { return LatencyTable(device: device) }
        let table = try LatencyTable(
            json: JSON(parsing: Data(contentsOf: url), at: url.path), at: url.path,
            remedy: "delete this file: a new one is measured")
        guard table.device == device else {
            throw Failure(
                "the latency table is another device's: \(table.device), not \(device)", at: url.path,
                remedy: "name another file: a new one is measured")
        }
        return table
    }

    /// Keeps the operators; what was fitted on one detector is no other's.
    public func write(_ table: LatencyTable) throws {
        var kept = table
        kept.fit = nil
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try DurableFile.write(kept.json.prettyText, to: url)
    }
}
