import Basics
public import Foundation

/// How far a stage is: `progress.json` in its attempt's folder, written by the stage (StageKit) and read by everyone.
public struct ProgressFile: Codable, Sendable, Hashable {
    /// 0…1.
    public var fraction: Double
    public var message: String
    /// Seconds still to go, as far as known.
    public var eta: Double?
    /// Seconds that this attempt has been at it.
    public var elapsed: Double?
    /// Named numbers of the moment: losses, rates.
    public var metrics: [String: Double]?
    /// What the stage has found so far, as a table to look at while it runs.
    public var table: Table?

    public struct Table: Codable, Sendable, Hashable {
        public var title: String
        public var header: [String]
        public var rows: [[String]]

        public init(title: String, header: [String], rows: [[String]]) {
            self.title = title
            self.header = header
            self.rows = rows
        }
    }

    /// Nil when there is none or it can't be read: progress is news, not proof.
    public init?(reading url: URL) {
        guard let data = try? Data(contentsOf: url),
            let progress = try? JSONDecoder().decode(ProgressFile.self, from: data)
        else { return nil }
        self = progress
        fraction = min(1, max(0, fraction))
        // What a plugin writes must not trip who shows it: a span of time is one that people can read.
        let spans = 0.0...1e9
        if let seconds = eta, !spans.contains(seconds) { eta = nil }
        if let seconds = elapsed, !spans.contains(seconds) { elapsed = nil }
    }
}
