public import Foundation

/// The file that `jdnas run --config` names, and what asks for it to be read again.
public struct RunnerConfiguration: Sendable {
    public let file: URL
    /// What diagnostics call the file.
    public let name: String
    /// What the command line says: that wins.
    public let flags: RunnerSettings
    public let reload: ReloadFlag

    public init(file: URL, name: String, flags: RunnerSettings = RunnerSettings(), reload: ReloadFlag) {
        self.file = file
        self.name = name
        self.flags = flags
        self.reload = reload
    }

    /// The options as the file says now, over those that hold where neither it nor the command line says anything. Throws
    /// Manifest's `Diagnostics`.
    public func options(over base: RunnerOptions) throws -> RunnerOptions {
        flags.applied(to: try RunnerSettings(reading: file, name: name).applied(to: base))
    }
}
