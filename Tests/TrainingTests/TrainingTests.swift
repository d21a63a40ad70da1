import Basics
import COCOMetrics
import Dataset
import Detection
import DetectorKit
import Foundation
import Images
import Tensor
import TestSupport
import Testing
import Training

private struct Stop: Error {}

@Suite struct TrainerTests {
    /// A run that is stopped, saved and read again ends with the bits of one that was not.
    @Test func resumingChangesNoBit() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder).split("train")
        let graph = try narrowGraph(classes: data.categories.count)
        let random = RandomStream(seed: 5)
        let plan = shortPlan()
        let start = Detector(graph: graph, weights: graph.network.initialWeights(random.stream("weights")))

        func run(_ state: TrainingState, stopAfter: Int?) throws -> TrainingState {
            let loader = try BatchLoader(
                data, batchSize: plan.batchSize, mirrors: plan.mirrors, random: random.stream("data"))
            var last = state
            do {
                return try Trainer(plan, loader: loader, random: random.stream("steps")).train(
                    state, objective: plainObjective(graph, fewRegions())
                ) { report, state in
                    last = state
                    if report.step == stopAfter { throw Stop() }
                }
            } catch is Stop { return last }
        }

        let whole = try run(TrainingState(start, plan), stopAfter: nil)
        let half = try run(TrainingState(start, plan), stopAfter: 7)
        #expect(half.step == 7)
        try FileManager.default.createDirectory(at: folder["state"], withIntermediateDirectories: true)
        try half.write(to: folder["state"])
        let resumed = try run(try TrainingState(from: folder["state"], plan), stopAfter: nil)

        #expect(whole.step == resumed.step)
        for (name, tensor) in whole.weights { #expect(resumed.weights[name] == tensor, "\(name)") }
        for (name, tensor) in whole.optimiser.state { #expect(resumed.optimiser.state[name] == tensor, "\(name)") }
        // The test would pass on a trainer that does nothing.
        #expect(whole.weights["backbone.body.conv1.weight"] != start.weights["backbone.body.conv1.weight"])
    }

    @Test func lossesFall() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder, train: 6).split("train")
        let graph = try narrowGraph(classes: data.categories.count)
        let plan = shortPlan(epochs: 25)
        let loader = try BatchLoader(data, batchSize: 2, mirrors: [], random: RandomStream(seed: 1))
        let start = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 2)))
        var losses: [Double] = []
        _ = try Trainer(plan, loader: loader, random: RandomStream(seed: 3)).train(
            TrainingState(start, plan), objective: plainObjective(graph, fewRegions())
        ) { report, _ in losses.append(report.loss) }
        let first = losses.prefix(5).reduce(0, +)
        let last = losses.suffix(5).reduce(0, +)
        #expect(last < 0.75 * first, "from \(first / 5) to \(last / 5)")
    }

    /// A loss may be finite where its gradients are not.
    @Test func gradientsThatAreNoNumbersStopTheTraining() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder, train: 4).split("train")
        let broken = Trainer.Objective(inputs: []) { _, _, _ in
            StepGradients(
                gradients: ["w": Tensor([3], [0, .nan, 1])], losses: ["b": 1, "d": 0.5, "a": 2, "c": 3, "e": 0])
        }
        for limit: Double? in [10, nil] {
            var plan = shortPlan(epochs: 1)
            plan.clipNorm = limit
            let loader = try BatchLoader(data, batchSize: 2, mirrors: [], random: RandomStream(seed: 1))
            let start = TrainingState(
                weights: ["w": Tensor(repeating: 1, [3])], optimiser: SGD(momentum: 0.9, weightDecay: 0))
            let failure = #expect(throws: Failure.self) {
                try Trainer(plan, loader: loader, random: RandomStream(seed: 3)).train(start, objective: broken) {
                    _, _ in
                }
            }
            // The same in every process, in which a dictionary's order is another.
            #expect(failure?.what == "a gradient is not finite at step 1: a 2.0, b 1.0, c 3.0, d 0.5, e 0.0")
        }
    }

    @Test func frozenParametersStay() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder, train: 4).split("train")
        let graph = try narrowGraph(classes: data.categories.count)
        let plan = shortPlan(epochs: 1)
        let start = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 2)))
        let loader = try BatchLoader(data, batchSize: 2, mirrors: [], random: RandomStream(seed: 1))
        let end = try Trainer(plan, loader: loader, random: RandomStream(seed: 3)).train(
            TrainingState(start, plan),
            objective: plainObjective(graph, fewRegions()) { $0.hasPrefix("backbone.body.") }
        ) { _, _ in }
        for (name, tensor) in start.weights where name.hasPrefix("backbone.body.") {
            #expect(end.weights[name] == tensor, "\(name)")
        }
        for name in ["backbone.fpn.inner_blocks.0.0.weight", "rpn.head.conv.0.0.weight"] {
            #expect(end.weights[name] != start.weights[name], "\(name)")
        }
    }
}

@Suite struct DetectorFilesTests {
    @Test func aDetectorComesBackAsItWas() throws {
        let folder = try TemporaryFolder()
        let graph = try narrowGraph(classes: 2)
        let detector = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 2)))
        try DetectorFiles.write(detector, to: folder["detector"])
        let again = try DetectorFiles.read(from: folder["detector"], catalog)
        #expect(again.architecture == detector.architecture)
        #expect(again.weights.count == detector.weights.count)
        for (name, tensor) in detector.weights { #expect(again.weights[name] == tensor) }
    }

    @Test func weightsThatDoNotFitAreNamed() throws {
        let folder = try TemporaryFolder()
        let graph = try narrowGraph(classes: 2)
        var weights = graph.network.initialWeights(RandomStream(seed: 2))
        weights["rpn.head.cls_logits.bias"] = nil
        weights["roi_heads.box_predictor.cls_score.weight"] = Tensor(repeating: 0, [9, 32])
        weights["extra"] = Tensor(repeating: 0, [1])
        try DetectorFiles.write(Detector(graph: graph, weights: weights), to: folder["detector"])
        let text = failureText(in: folder) { _ = try DetectorFiles.read(from: folder["detector"], catalog) }
        #expect(
            text == """
                ~/detector/weights.safetensors: error: the weights do not fit the architecture: missing \
                rpn.head.cls_logits.bias [3]; roi_heads.box_predictor.cls_score.weight is [9, 32], not [3, 32]; \
                unexpected extra [1]
                  remedy: give the weights that belong to this architecture.json
                """)
    }

    @Test func aFolderWithoutADetectorIsToldSo() throws {
        let folder = try TemporaryFolder()
        let text = failureText(in: folder) { _ = try DetectorFiles.read(from: folder["nothing"], catalog) }
        #expect(text?.contains("no detector here: architecture.json cannot be read") == true)
    }
}

@Suite struct MeasurementTests {
    @Test func latencyCountsEveryDetectorAlike() throws {
        let graph = try narrowGraph(classes: 2)
        let detector = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 2)))
        let image = ImagePlanes(width: 96, height: 64, pixels: [UInt8](repeating: 90, count: 96 * 64 * 3))
        let figures = try measureLatency(of: [detector, detector], images: [image, image], rounds: 2, warmUp: 1)
        #expect(figures.map(\.samples.count) == [4, 4])
        #expect(figures.allSatisfy { $0.median > 0 && $0.p95 >= $0.median })
    }

    @Test func measuringLatencyTellsHowFarItIsAndCanBeStopped() throws {
        let graph = try narrowGraph(classes: 2)
        let detector = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 2)))
        let image = ImagePlanes(width: 96, height: 64, pixels: [UInt8](repeating: 90, count: 96 * 64 * 3))
        var told: [Double] = []
        _ = try measureLatency(of: [detector], images: [image], rounds: 3, warmUp: 1) { told.append($0) }
        #expect(told == [0.25, 0.5, 0.75, 1])
        #expect(throws: Stop.self) {
            _ = try measureLatency(of: [detector], images: [image], rounds: 3) { _ in throw Stop() }
        }
    }

    /// What decides about times and bits is part of a device's identity, as it is used and not as the processor has it.
    @Test func theDeviceIsWhatTheLibrariesUse() async {
        let device = DeviceIdentity.current(threads: 3)
        let version = /oneDNN \d+\.\d+\.\d+, OpenBLAS \d+\.\d+\.\d+, kernels \d+/
        #expect(device.libraries.wholeMatch(of: version) != nil, "\(device.libraries)")
        #expect(!device.instructionSet.contains("unknown") && device.threads == 3)
        await #expect(processExitsWith: .success) {
            setenv("ONEDNN_MAX_CPU_ISA", "SSE41", 1)
            let held = DeviceIdentity.current(threads: 3)
            #expect(held.instructionSet.hasPrefix("sse41 (oneDNN), "), "\(held.instructionSet)")
        }
    }

    @Test func quantilesAreOrderStatistics() {
        let figures = LatencyFigures(samples: (1...100).map(Double.init).shuffled())
        #expect(figures.median == 51)
        #expect(figures.p95 == 96)
    }

    /// A detector with fresh weights finds next to nothing, but is measured like any other.
    @Test func evaluationUsesTheFilesOwnIDs() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder)
        let graph = try narrowGraph(classes: data.categories.count)
        let detector = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 2)))
        let found = try evaluateDetector(detector, on: data.split("val"))
        #expect(found.groundTruth.images.count == 4)
        #expect(found.result.stats.count == 12)
        let ids = Set(found.groundTruth.images)
        #expect(found.detections.allSatisfy { ids.contains($0.imageID) })
    }

    /// Images that were resized ahead give what each gives by itself.
    @Test func evaluationSeesEachImageByItself() throws {
        let folder = try TemporaryFolder()
        let split = try packedScenes(in: folder).split("val")
        var architecture = try narrowGraph(classes: split.categories.count).architecture
        architecture.selection.scoreThreshold = 0
        let graph = try DetectorGraph(architecture, catalog)
        let detector = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 2)))
        let found = try evaluateDetector(detector, on: split).detections
        var expected: [Float] = []
        for index in 0..<split.count {
            let image = try split.image(index)
            let planes = ImagePlanes(width: image.width, height: image.height, pixels: image.pixels)
            expected += try detector.detect([planes])[0].map(\.score)
        }
        #expect(expected.count >= split.count && Set(expected).count > split.count)
        #expect(found.map { Float($0.score) } == expected)
    }
}

@Suite struct StepGradientsTests {
    /// Equal steps tell equal losses: the parts are added by name, not as a dictionary happens to hold them.
    @Test func partsAreAddedByName() {
        let step = StepGradients(gradients: [:], losses: ["c": -1e16, "a": 1e16, "b": 1, "d": 0.5])
        #expect(step.totalLoss == ((1e16 + 1) - 1e16) + 0.5)
    }
}

@Suite struct TrainingMemoryTests {
    /// From the third step on a training has all the memory that it needs: nothing more comes from the device, though
    /// images are drawn and regions sampled anew. In a process of its own, since the counters are the whole process's.
    @Test func noGrowthAfterTheSecondStep() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let data = try packedScenes(in: folder, train: 8).split("train")
            let graph = try narrowGraph(classes: data.categories.count)
            let plan = shortPlan(epochs: 3)
            let loader = try BatchLoader(data, batchSize: 2, mirrors: [], random: RandomStream(seed: 1))
            let start = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 2)))
            var usages: [BufferPool.Usage] = []
            _ = try Trainer(plan, loader: loader, random: RandomStream(seed: 3)).train(
                TrainingState(start, plan), objective: plainObjective(graph, fewRegions())
            ) { _, _ in usages.append(BufferPool.usage) }
            #expect(usages.count > 6 && usages[1].acquisitions > 10)
            for (step, usage) in usages.enumerated().dropFirst(2) {
                #expect(usage.live + usage.kept <= usages[1].live + usages[1].kept, "step \(step + 1)")
                #expect(usage.acquisitions == usages[1].acquisitions, "step \(step + 1)")
            }
        }
    }
}
