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

    /// Nil when there is none or it can't be read: progress is news, not proof.
    public init?(reading url: URL) {
        guard let data = try? Data(contentsOf: url),
            let progress = try? JSONDecoder().decode(ProgressFile.self, from: data)
        else { return nil }
        self = progress
        fraction = min(1, max(0, fraction))
    }
}
