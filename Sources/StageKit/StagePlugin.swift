import Basics
public import Manifest

/// A kind of stage: how its options are read, and what it does.
///
/// `options` runs while a manifest is validated, in any working directory; `run` runs in a process of its own with the
/// options it gave. Whatever a run needs to know (resolved paths, an architecture) must be in the options.
public protocol StagePlugin: Sendable {
    associatedtype Options: Codable & Sendable

    /// What manifests say in `uses:`.
    var name: String { get }
    /// Raised when the same options and inputs would give another result.
    var version: Int { get }
    /// One line for `jdnas plugins`.
    var summary: String { get }
    var consumes: [InputRequirement] { get }
    var produces: ArtifactKind { get }
    /// Where a result may be used again, instead of running the stage; by default everywhere.
    var reuse: Reuse { get }

    /// Reads the mapping under `with:`. Problems are reported in the reader; nil when something needed is missing. Read all
    /// keys before answering nil: keys that were not read cannot be checked.
    func options(_ reader: inout ConfigReader) -> Options?

    /// What a run may cost, for `jdnas plan`; nil where nothing can be said. Called in any working directory, and must be quick
    /// (a second): it reckons, it does not try. Of time an answer that is wrong by half is better than none. Without the room on
    /// the disk that it tells, a stage does not start, unless its manifest names another.
    ///
    /// - Parameter inputs: in the order of the stage's `needs`; of those that are still to be made only the summary, as
    ///   forecasts of their stages give it.
    func forecast(_ options: Options, _ inputs: [Prospect]) throws -> Forecast?

    /// Does the work. Writes into `context.output.directory` only; throws `Failure`.
    func run(_ options: Options, _ context: StageContext) throws
}

/// Where a stage's result may be used again for a job that asks for the same.
public enum Reuse: String, Sendable, Hashable, Codable {
    case anywhere
    /// Times were measured, or decided: they hold for the machine.
    case thisMachine = "this-machine"
    /// The result tells of its own job, or is cheap.
    case never
}

extension StagePlugin {
    public var reuse: Reuse { .anywhere }

    public func forecast(_ options: Options, _ inputs: [Prospect]) throws -> Forecast? { nil }

    /// The options as JSON; nil if anything was reported.
    func encodedOptions(_ reader: ConfigReader) -> JSON? {
        var copy = reader
        let before = reader.diagnosis.diagnostics.count
        let options = options(&copy)
        if options == nil { reader.know(describedKeys) }
        reader.finish { describedOptions }
        guard reader.diagnosis.diagnostics.count == before else { return nil }
        // A value that could not be had was told where it comes from.
        if options == nil, !reader.diagnosis.isEmpty { return nil }
        guard let options, let json = try? JSON(encoding: options) else {
            reader.report(
                nil, "the options of '\(name)' were not understood", remedy: "this is a defect of the plugin: report it"
            )
            return nil
        }
        return json
    }

    /// Runs with options that were encoded by `encodedOptions`.
    func run(encoded: JSON, _ context: StageContext) throws {
        try run(try encoded.decode(Options.self, at: "options of \(context.stage)"), context)
    }

    /// Every key that `options` reads.
    public var describedOptions: [OptionDescription] {
        ConfigReader.describe { reader in _ = options(&reader) }
    }

    private var describedKeys: [String] {
        describedOptions.map { String($0.key.prefix { $0 != "." && $0 != "[" }) }
    }
}
