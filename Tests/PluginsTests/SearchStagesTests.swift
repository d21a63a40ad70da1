import Basics
import DatasetPack
import DetectorKit
import Foundation
import JointSearch
import Manifest
import ResNet
import StageKit
import TeacherPool
import TestSupport
import Testing
import Train

/// From drawn pictures over a base and its teachers to a derived student, stage after stage in this process.
@Suite(.serialized) struct SearchStagesTests {
    let folder: TemporaryFolder
    private let backbones = BackboneCatalog([ResNet()])

    init() throws { folder = try TemporaryFolder() }

    private static let detector = """
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

    private func options<Plugin: StagePlugin>(_ plugin: Plugin, _ yaml: String) throws -> Plugin.Options {
        let node = try YAMLNode(parsing: Data(yaml.utf8), file: "job.yaml")
        var reader = ConfigReader(node, file: "job.yaml", baseDirectory: folder.url)
        let options = plugin.options(&reader)
        reader.finish()
        #expect(reader.diagnosis.diagnostics.map { "\($0)" } == [])
        return try #require(options)
    }

    /// Runs a stage and gives its artifact.
    private func run<Plugin: StagePlugin>(
        _ plugin: Plugin, _ yaml: String, on inputs: [Artifact] = [], in attempt: String, resume: URL? = nil,
        cancellation: Cancellation = Cancellation(), log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> Artifact {
        let context = try StageContext(
            stage: plugin.name, seed: 3, threads: 1, inputs: inputs, attempt: folder[attempt], resume: resume,
            cancellation: cancellation, log: log)
        try plugin.run(try options(plugin, yaml), context)
        return Artifact(
            kind: plugin.produces, directory: context.output.directory, digest: Digest(of: attempt),
            summary: context.output.summary, reference: attempt)
    }

    private func inputs() throws -> [Artifact] {
        try folder.write(Self.detector, to: "detector.yaml")
        let data = try run(
            DatasetPack(), "format: synth\ntrain: 8\nval: 2\nwidth: 96\nheight: 64\nsearch_fraction: 0.25", in: "data")
        let base = try run(
            Train(backbones: backbones), "detector: detector.yaml\nepochs: 1\nbatch_size: 2\nwarm_up: 1", on: [data],
            in: "base")
        let pool = try run(
            TeacherPool(backbones: backbones),
            "epochs: 1\nbatch_size: 2\nwarm_up: 1\ncard_samples: 1\nlatency_images: 1\nlatency_rounds: 1\nopening: 0",
            on: [data, base], in: "teachers")
        #expect(pool.summary["teachers"]?.array?.count == 3)
        return [data, base, pool]
    }

    private static let search = """
        candidates: 2
        children: 1
        batch_size: 2
        importance_batches: 1
        latency_images: 1
        latency_rounds: 1
        finish: {epochs: 1}
        """

    @Test func aBaseBecomesAStudent() throws {
        let inputs = try inputs()
        let plugin = JointSearch(backbones: backbones)
        let found = try run(plugin, Self.search, on: inputs, in: "search")
        for member in [
            "student/architecture.json", "student/weights.safetensors", "base/architecture.json",
            "base/weights.safetensors", "teacher.json", "history.jsonl", "front.json", "latency-table.json",
        ] {
            let path = found.directory.appending(path: member).path
            #expect(FileManager.default.fileExists(atPath: path), "\(member)")
        }
        let history = try String(contentsOf: found.directory.appending(path: "history.jsonl"), encoding: .utf8)
        let lines = try history.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(lines.count == 4 && lines.last?["move"] == "last-training")
        #expect(found.summary["headline"]?.array?.count == 3)
        #expect(found.summary["meets_target"] == true)

        // Stopped while it trains and run again, it goes on from its checkpoint.
        let cancellation = Cancellation()
        #expect(throws: Failure.self) {
            _ = try run(plugin, Self.search, on: inputs, in: "stopped", cancellation: cancellation) { line in
                if line.contains("candidate") { cancellation.cancel() }
            }
        }
        let checkpoint = try #require(CheckpointFolder.newest(ofAttempts: [folder["stopped"]]))
        let again = try run(plugin, Self.search, on: inputs, in: "again", resume: checkpoint)
        #expect(again.summary["candidates"] == 2)
    }

    @Test func whatCannotBeSearchedIsRefused() throws {
        let plugin = JointSearch(backbones: backbones)
        #expect(throws: Failure.self) { _ = try run(plugin, "candidates: 1", in: "nothing") }
        let reader = ConfigReader(
            try YAMLNode(parsing: Data("candidats: 3\nlatency: 7".utf8), file: "job.yaml"), file: "job.yaml",
            baseDirectory: folder.url)
        var copy = reader
        _ = plugin.options(&copy)
        reader.finish()
        let text = reader.diagnosis.diagnostics.map { "\($0)" }.joined(separator: "\n")
        #expect(text.contains("'candidates'") && text.contains("'latency' must be"), "\(text)")
    }
}
