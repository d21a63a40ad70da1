import Basics
import DatasetPack
import Foundation
import StageKit
import TestSupport
import Testing
import Train

@Suite(.serialized) struct TrainStageTests {
    private let stages: Stages
    private let train: Train

    init() throws {
        stages = try Stages()
        train = Train(backbones: stages.backbones)
    }

    private func data() throws -> Artifact {
        try stages.run(
            DatasetPack(), "format: synth\ntrain: 8\nval: 2\nwidth: 96\nheight: 64\nsearch_fraction: 0.25", in: "data")
    }

    private static let options = "detector: detector.yaml\nepochs: 2\nbatch_size: 2\nwarm_up: 1\nevaluate_every: 1"

    /// Stopped in an epoch, while an epoch is evaluated, and while the trained detector is.
    @Test func anInterruptedTrainingEndsAlike() throws {
        let data = try data()
        let whole = try stages.run(train, Self.options, on: [data], in: "whole")
        let curve = try String(contentsOf: whole.directory.appending(path: "curve.jsonl"), encoding: .utf8)
        let lines = try curve.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(lines.count == 2 && lines.allSatisfy { $0["ap"]?.number != nil && $0["loss"]?.number != nil })
        for (attempt, word) in [
            ("epoch", "epoch 1 of 2"), ("look", "evaluating epoch 1"), ("end", "evaluating epoch 2"),
        ] {
            let other = try stages.runInTwo(train, Self.options, on: [data], in: attempt, stoppedAt: word)
            try stages.expectSame("weights.safetensors", whole, other)
            try stages.expectSame("curve.jsonl", whole, other)
            #expect(other.summary == whole.summary)
        }
    }

    /// The first steps of a training, for looking whether it runs: as those of the whole, and no more.
    @Test func aTrainingMayEndEarly() throws {
        let data = try data()
        let options = "detector: detector.yaml\nepochs: 2\nbatch_size: 2\nwarm_up: 1\nevaluate_on: none"
        let some = try stages.run(train, options + "\nsteps: 2", on: [data], in: "some")
        #expect(some.summary["steps"] == 2)
        let curve = try String(contentsOf: some.directory.appending(path: "curve.jsonl"), encoding: .utf8)
        #expect(curve.split(separator: "\n").count == 1 && curve.contains("\"step\":2"))
        let parts = try stages.runInTwo(
            train, options + "\nsteps: 2", on: [data], in: "parts", stoppedAt: "epoch 1 of 2")
        try stages.expectSame("weights.safetensors", some, parts)
        let many = try stages.run(train, options + "\nsteps: 1000", on: [data], in: "many")
        #expect(many.summary["steps"] == 6)
    }

    @Test func prefixesThatFreezeNothingAreRefused() throws {
        let failure = #expect(throws: Failure.self) {
            try stages.run(
                train, Self.options + "\nfreeze: [backbone.body.conv1, backbone.body.layr1]", on: [data()], in: "freeze"
            )
        }
        #expect(failure?.what == "no parameter starts with 'backbone.body.layr1', which 'freeze' names")
        #expect(failure?.remedy == "did you mean 'backbone.body.layer1'?")
    }

    /// A detector trained elsewhere is a base as it is.
    @Test func noEpochsLeaveTheDetectorAsItIs() throws {
        let data = try data()
        let base = try stages.run(train, Self.options, on: [data], in: "base")
        let kept = try stages.run(train, "from: \(base.directory.path)\nepochs: 0", on: [data], in: "kept")
        try stages.expectSame("weights.safetensors", base, kept)
        #expect(kept.summary["ap"] == base.summary["ap"])
        let text = try stages.problems(train, "detector: detector.yaml\nepochs: 0").joined()
        #expect(text.contains("a detector that is built anew is to be trained"))
    }

    @Test func onlyOneDetectorIsStartedFrom() throws {
        let data = try data()
        let base = try stages.run(
            train, "detector: detector.yaml\nepochs: 1\nbatch_size: 2\nwarm_up: 1", on: [data], in: "base")
        let failure = #expect(throws: Failure.self) {
            try stages.run(train, Self.options, on: [data, base], in: "two")
        }
        #expect(failure?.what == "two detectors to start from: 'base' in 'needs', and 'detector:'")
        let from = "from: \(base.directory.path)\nepochs: 1"
        #expect(throws: Failure.self) { try stages.run(train, from, on: [data, base], in: "three") }
        #expect(
            try stages.problems(train, from + "\ndetector: detector.yaml").first?.contains(
                "both 'detector' and 'from' are given") == true)
    }
}
