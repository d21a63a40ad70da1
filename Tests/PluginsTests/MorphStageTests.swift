import Basics
import DatasetPack
import Foundation
import Models
import Morph
import StageKit
import Tensor
import TestSupport
import Testing
import Train

@Suite(.serialized) struct MorphStageTests {
    private let stages: Stages
    private let morph: Morph
    private let inputs: [Artifact]

    init() throws {
        stages = try Stages()
        morph = Morph(backbones: stages.backbones)
        let data = try stages.run(
            DatasetPack(), "format: synth\ntrain: 8\nval: 2\nwidth: 96\nheight: 64\nsearch_fraction: 0.25", in: "data")
        let base = try stages.run(
            Train(backbones: stages.backbones), "detector: detector.yaml\nepochs: 1\nbatch_size: 2\nwarm_up: 1",
            on: [data], in: "base")
        inputs = [data, base]
    }

    private func weights(_ artifact: Artifact) throws -> NamedTensors {
        try SafeTensors.read(artifact.directory.appending(path: "weights.safetensors")).tensors
    }

    @Test func aDetectorIsNarrowedByEachMeasure() throws {
        let before = try weights(inputs[1])
        var narrowed: [NamedTensors] = []
        for measure in ["taylor", "norm-scale", "l1", "random"] {
            let child = try stages.run(
                morph, "macs: 0.5\nimportance: \(measure)\nwidths: alike\nimportance_batches: 2\nbatch_size: 2",
                on: inputs, in: measure)
            let counts = ["before", "after"].compactMap { child.summary[$0]?["macs"]?.number }
            #expect(counts.count == 2 && counts[1] <= 0.5 * counts[0] && counts[1] > 0.3 * counts[0])
            #expect(child.summary["after"]?["ap"]?.number != nil)
            narrowed.append(try weights(child))
            #expect(narrowed.last?.keys.sorted() == before.keys.sorted())
        }
        let name = "backbone.body.layer3.0.conv1.weight"
        #expect(Set(narrowed.map { $0[name]?.shape }).count == 1 && narrowed[0][name]?.shape != before[name]?.shape)
        // Each measure keeps other channels.
        #expect(Set(narrowed.map { $0[name]?.array }).count == 4)
    }

    /// Taylor chooses widths too, and the same network can be drawn anew.
    @Test func widthsAreChosenByImportance() throws {
        let narrow = try stages.run(
            morph, "macs: 0.5\nimportance_batches: 2\nbatch_size: 2\nevaluate_on: none", on: inputs, in: "narrow")
        let counts = ["before", "after"].compactMap { narrow.summary[$0]?["macs"]?.number }
        #expect(counts.count == 2 && counts[1] <= 0.5 * counts[0] && counts[1] > 0.3 * counts[0])
        #expect(narrow.summary["widths"]?.string == "cheapest")
        let fresh = try stages.run(
            morph, "weights: fresh\nevaluate_on: none", on: [inputs[0], narrow], in: "fresh")
        let (kept, drawn) = (try weights(narrow), try weights(fresh))
        #expect(drawn.mapValues(\.shape) == kept.mapValues(\.shape))
        #expect(drawn["backbone.body.conv1.weight"] != kept["backbone.body.conv1.weight"])
    }

    @Test func actionsAreAppliedInTheirOrder() throws {
        let actions = "actions: ['add a block to stage1', 'remove stage1.block2', 'set neck.output to 48']"
        let child = try stages.run(morph, actions + "\nevaluate_on: none", on: inputs, in: "child")
        let (before, after) = (try weights(inputs[1]), try weights(child))
        #expect(after["backbone.fpn.layer_blocks.0.0.weight"]?.shape == [48, 32, 3, 3])
        #expect(after["backbone.body.layer1.1.conv1.weight"] != before["backbone.body.layer1.1.conv1.weight"])
        #expect(after["backbone.body.layer1.0.conv1.weight"] == before["backbone.body.layer1.0.conv1.weight"])
        let fresh = try stages.run(morph, actions + "\nevaluate_on: none\nweights: fresh", on: inputs, in: "fresh")
        let drawn = try weights(fresh)
        #expect(drawn.mapValues(\.shape) == after.mapValues(\.shape))
        #expect(drawn["backbone.body.layer1.0.conv1.weight"] != after["backbone.body.layer1.0.conv1.weight"])
    }

    @Test func whatCannotBeDoneIsRefused() throws {
        #expect(try stages.problems(morph, "evaluate_on: none").first?.contains("neither 'actions' nor 'macs'") == true)
        let text = try stages.problems(morph, "actions: [grow]").joined()
        #expect(text.contains("no action: 'grow'") && text.contains("add a block to"))
        let failure = #expect(throws: Failure.self) {
            _ = try stages.run(morph, "actions: ['set neck.output to 47']", on: inputs, in: "odd")
        }
        #expect(failure?.what == "set neck.output to 47: a width of 47")
        let told = try stages.problems(morph, "macs: 0.5\nimportance: l1\nwidths: cheapest").joined()
        #expect(told.contains("can't be compared from layer to layer"))
        #expect(throws: Failure.self) { _ = try stages.run(morph, "macs: 0.01", on: inputs, in: "small") }
    }
}
