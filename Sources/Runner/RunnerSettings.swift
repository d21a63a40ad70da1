import Basics
public import Foundation
import Manifest

/// The settings of a runner that can change while it works; nil where nothing is said. Those of the same names in `RunnerOptions`
/// tell what they are.
public struct RunnerSettings: Sendable, Hashable {
    public var threads: Int?
    public var cpus: Int?
    /// Bytes.
    public var memory: Int?
    public var maxAttempts: Int?
    /// Seconds; infinity: never.
    public var stallLimit: Double?
    public var onDone: [String]?
    /// Seconds.
    public var poll: Double?

    public init() {}

    /// Reads a YAML file, of which every key may be left out. Throws Manifest's `Diagnostics` with all that is wrong.
    ///
    /// - Parameter name: what diagnostics call the file. Relative paths in it refer to its own folder.
    public init(reading file: URL, name: String) throws {
        let data = try YAMLFile.read(file, name: name)
        // A file of comments says nothing, which is fine.
        let node = RunnerSettings.isBlank(data) ? nil : try YAMLNode(parsing: data, file: name)
        let reader = ConfigReader(node, file: name, baseDirectory: file.deletingLastPathComponent())
        threads = reader.optionalInt("threads", in: 1...1024, help: "threads of stages that do not say")
        cpus = reader.optionalInt("cpus", in: 1...4096, help: "processors that stages may use together")
        memory = reader.optionalSize("memory", help: "memory that stages may claim together")
        maxAttempts = reader.optionalInt("max_attempts", in: 1...100, help: "how often a stage is tried")
        stallLimit = reader.optionalLimit("stall_limit", help: "how long a stage may show no sign of life")
        onDone = RunnerSettings.program(reader)
        poll = reader.optionalDuration("poll", help: "the time between two looks into the inbox")
        if let poll, !(0.1...60).contains(poll) {
            reader.report("poll", "'poll' must be from 0.1s to 60s", remedy: "write 'poll: 1s', say")
        }
        reader.finish()
        try reader.diagnosis.throwIfAny()
    }

    private static func isBlank(_ data: Data) -> Bool {
        String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).allSatisfy { line in
            line.drop(while: \.isWhitespace).first.map { $0 == "#" } ?? true
        }
    }

    /// The program that is called when a job has ended: a path, then as an absolute one, or a name that PATH has.
    private static func program(_ reader: ConfigReader) -> [String]? {
        let key = "on_done"
        guard
            var command = reader.optionalStrings(
                key, count: 1...100, help: "a program and its arguments, called when a job has ended"),
            let name = command.first
        else { return nil }
        guard let found = Notifier.find(name, from: reader.baseDirectory.path) else {
            reader.report(
                at: [key, "0"], "there is no program '\(shown(name))' that can be executed",
                remedy: "name one of PATH, or give a path, from \(reader.baseDirectory.path) on")
            return nil
        }
        if name.contains("/") { command[0] = found.path }
        return command
    }
}

extension RunnerSettings {
    /// These in place of what the options say; what is nil here stays.
    public func applied(to options: RunnerOptions) -> RunnerOptions {
        var options = options
        if let threads { options.threads = threads }
        if let cpus { options.cpus = cpus }
        if let memory { options.memory = memory }
        if let maxAttempts { options.maxAttempts = maxAttempts }
        if let stallLimit { options.stallLimit = stallLimit }
        if let onDone { options.onDone = onDone }
        if let poll { options.poll = poll }
        return options
    }

    /// In what of this some options differ from others: `cpus 2 → 4`.
    static func changes(from old: RunnerOptions, to new: RunnerOptions) -> [String] {
        func span(_ seconds: Double) -> String { seconds.isFinite ? spanText(seconds: seconds) : "never" }
        let lines: [(name: String, old: String, new: String)] = [
            ("threads", "\(old.threads)", "\(new.threads)"),
            ("cpus", "\(old.cpus ?? old.threads)", "\(new.cpus ?? new.threads)"),
            ("memory", byteText(old.memory), byteText(new.memory)),
            ("max_attempts", "\(old.maxAttempts)", "\(new.maxAttempts)"),
            ("stall_limit", span(old.stallLimit), span(new.stallLimit)),
            ("on_done", old.onDone?.joined(separator: " ") ?? "none", new.onDone?.joined(separator: " ") ?? "none"),
            ("poll", span(old.poll), span(new.poll)),
        ]
        return lines.filter { $0.old != $0.new }.map { "\($0.name) \($0.old) → \($0.new)" }
    }
}
