public import Basics
public import Foundation
public import StageKit

/// Checks that a stage plugin is what the runner takes it for. It trusts nothing that the plugin says about itself: the stage
/// is run as `jdnas-stage` runs it, stopped, killed, gone on with, and given damaged inputs.
///
/// In a plugin's tests:
///
///     @Test(arguments: StageConformance.Aspect.allCases) func conforms(_ aspect: StageConformance.Aspect) async {
///         await #expect(processExitsWith: .success) { [aspect] in
///             for finding in MyStageTests.conformance.findings(aspect) { Issue.record("\(finding)") }
///         }
///     }
///
/// Each call needs a process of its own, as here: the working directory, `TMPDIR` and the handlers of the signals that a
/// crash sends become its own.
public struct StageConformance: Sendable {
    /// What is checked.
    public enum Aspect: String, Sendable, Codable, CaseIterable {
        /// Options survive JSON and depend on no working directory; unknown keys and wrong values are reported with their
        /// place and a remedy.
        case options
        /// Stopped or killed and gone on with, the stage gives the same bytes, and does not do everything again.
        case checkpoint
        /// Asked to stop at any moment, it stops soon, says that it was stopped, and leaves nothing that looks done.
        case cancellation
        /// Fractions are within 0…1 and never go back, messages have one line, and the time to go is a number.
        case progress
        /// The receipt fits the members; none is empty or left over; what goes into the bundle was chosen and exists.
        case outputs
        /// Nothing outside the attempt is written: not the inputs, not an earlier attempt, not the working directory, not
        /// `TMPDIR`.
        case isolation
        /// The same request gives the same bytes, in another folder and at another time.
        case determinism
        /// Missing and damaged inputs are told as failures with a remedy.
        case errors
    }

    /// An artifact that the stage reads.
    public struct Input: Sendable {
        let kind: ArtifactKind
        let summary: JSON
        let fill: @Sendable (URL) throws -> Void

        /// - Parameters:
        ///   - summary: what its maker says of it (`StageOutput.summary`).
        ///   - fill: writes its members into the folder that it is given.
        public init(_ kind: ArtifactKind, summary: JSON = [:], _ fill: @escaping @Sendable (URL) throws -> Void) {
            self.kind = kind
            self.summary = summary
            self.fill = fill
        }

        /// A copy of what another stage made.
        public init(_ artifact: Artifact) {
            self.init(artifact.kind, summary: artifact.summary) { folder in
                let files = FileManager.default
                for name in try files.contentsOfDirectory(atPath: artifact.directory.path) {
                    try files.copyItem(
                        at: artifact.directory.appending(path: name), to: folder.appending(path: name))
                }
            }
        }
    }

    public let plugin: any StagePlugin
    let options: String
    let refused: [String]
    let inputs: [Input]
    let files: @Sendable (URL) throws -> Void
    let limit: Double

    /// - Parameters:
    ///   - options: what stands under `with:`, YAML. Choose work of a second at most that saves several checkpoints.
    ///   - refused: options that have to be refused, each a mapping that is laid over `options`: `every: 0`.
    ///   - inputs: what `needs:` names, in its order.
    ///   - files: writes what options refer to into the folder that relative paths are taken from.
    ///   - limit: seconds that the stage may take; 600 unless told otherwise.
    public init(
        _ plugin: any StagePlugin, options: String = "{}", refused: [String] = [], inputs: [Input] = [],
        limit: Double = 600, files: @escaping @Sendable (URL) throws -> Void = { _ in }
    ) {
        self.plugin = plugin
        self.options = options
        self.refused = refused
        self.inputs = inputs
        self.limit = limit
        self.files = files
    }

    /// All that is wrong in this respect, one line each.
    public func findings(_ aspect: Aspect) -> [String] { findings([aspect]) }

    /// All that is wrong in these respects, one line each; nothing for a stage that conforms. The inputs are made once.
    public func findings(_ aspects: [Aspect] = Aspect.allCases) -> [String] {
        var found = Findings()
        do {
            let bench = try Bench(self)
            defer { bench.close() }
            for aspect in aspects {
                found.begin("\(plugin.name): \(aspect.rawValue)")
                // After a crash or a hang nothing in this process is to be relied on.
                guard bench.check(aspect, &found) else { break }
            }
        } catch {
            found.begin(plugin.name)
            found.add("what the stage needs cannot be made: \(error)")
        }
        return found.lines
    }
}

/// What is wrong.
struct Findings {
    private(set) var lines: [String] = []
    private var subject = ""

    /// What the next lines are about.
    mutating func begin(_ subject: String) { self.subject = subject }

    mutating func add(_ line: String) {
        let line = "\(subject): \(line)"
        if !lines.contains(line) { lines.append(line) }
    }

    mutating func require(_ condition: Bool, _ line: @autoclosure () -> String) { if !condition { add(line()) } }
}
