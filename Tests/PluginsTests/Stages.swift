import Basics
import DetectorKit
import Foundation
import Manifest
import ResNet
import StageKit
import Tensor
import TestSupport
import Testing

/// Runs stages in this process, in a scratch folder.
struct Stages {
    let folder: TemporaryFolder
    let backbones = BackboneCatalog([ResNet()])

    /// A detector small enough to be trained in a moment.
    static let detector = """
        backbone: resnet18
        norm_groups: 16
        neck_width: 32
        head_width: 64
        input: {shorter: 64, longer: 96}
        anchors: {sizes: [8, 16, 32, 64, 128]}
        proposals:
          training: {before_nms: 100, after_nms: 50}
          inference: {before_nms: 50, after_nms: 25}
        """

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Self.detector, to: "detector.yaml")
    }

    private func read<Plugin: StagePlugin>(
        _ plugin: Plugin, _ yaml: String
    ) throws -> (options: Plugin.Options?, problems: [String]) {
        let node = try YAMLNode(parsing: Data(yaml.utf8), file: "job.yaml")
        var reader = ConfigReader(node, file: "job.yaml", baseDirectory: folder.url)
        let options = plugin.options(&reader)
        reader.finish { plugin.describedOptions }
        return (options, reader.diagnosis.diagnostics.map { "\($0)" })
    }

    /// What a stage makes of the mapping under its `with:`.
    func options<Plugin: StagePlugin>(_ plugin: Plugin, _ yaml: String) throws -> Plugin.Options {
        let (options, problems) = try read(plugin, yaml)
        #expect(problems == [])
        return try #require(options)
    }

    /// What is said about the mapping under a stage's `with:`.
    func problems(_ plugin: some StagePlugin, _ yaml: String) throws -> [String] { try read(plugin, yaml).problems }

    /// What a run of a stage may cost.
    func forecast(_ plugin: some StagePlugin, _ yaml: String, on inputs: [Prospect]) throws -> Forecast? {
        let (options, problems) = try read(plugin, yaml)
        #expect(problems == [])
        return try plugin.forecast(try #require(options), inputs)
    }

    /// Runs a stage and gives its artifact.
    func run<Plugin: StagePlugin>(
        _ plugin: Plugin, _ yaml: String, on inputs: [Artifact] = [], in attempt: String, resume: URL? = nil,
        cancellation: Cancellation = Cancellation(), log: @escaping @Sendable (String) -> Void = { _ in },
        watch: StageWatch? = nil
    ) throws -> Artifact {
        // A stage sets the number of threads of its whole process: here tests of other suites compute beside it, and the
        // bits of a product depend on that number.
        let context = try StageContext(
            stage: plugin.name, seed: 3, threads: Threads.count, inputs: inputs, attempt: folder[attempt],
            resume: resume,
            cancellation: cancellation, log: log, watch: watch)
        let (options, problems) = try read(plugin, yaml)
        #expect(problems == [])
        try plugin.run(try #require(options), context)
        return Artifact(
            kind: plugin.produces, directory: context.output.directory, digest: Digest(of: attempt),
            summary: context.output.summary, reference: attempt)
    }

    /// Runs a stage, stops it when its log has a line with `word`, and runs it again from its checkpoint.
    func runInTwo(
        _ plugin: some StagePlugin, _ yaml: String, on inputs: [Artifact], in attempt: String, stoppedAt word: String
    ) throws -> Artifact {
        let cancellation = Cancellation()
        let failure = #expect(throws: Failure.self) {
            _ = try run(plugin, yaml, on: inputs, in: "\(attempt)-1", cancellation: cancellation) { line in
                if line.contains(word) { cancellation.cancel() }
            }
        }
        #expect(failure?.cause == .cancelled)
        let checkpoint = try #require(CheckpointFolder.newest(ofAttempts: [folder["\(attempt)-1"]]))
        return try run(plugin, yaml, on: inputs, in: "\(attempt)-2", resume: checkpoint)
    }

    /// Expects equal bytes.
    func expectSame(_ member: String, _ one: Artifact, _ other: Artifact) throws {
        let bytes = try [one, other].map { try Data(contentsOf: $0.directory.appending(path: member)) }
        #expect(bytes[0] == bytes[1], "\(member) of \(one.reference) and of \(other.reference)")
    }
}
