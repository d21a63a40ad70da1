import Basics
import Dataset
import Detection
import DetectorKit
import Tensor
import TestSupport
import Testing
import Training

@Suite struct StatisticsEstimationTests {
    /// With the statistics of one batch as the running ones, inference on it is what training computed.
    @Test func oneBatchEstimatedIsThatBatchInTraining() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder).split("train")
        let graph = try narrowGraph(classes: data.categories.count, norm: .batch)
        var weights = graph.network.initialWeights(RandomStream(seed: 2))
        let loader = try BatchLoader(data, batchSize: 4, mirrors: [], random: RandomStream(seed: 1))
        func pyramid(_ mode: GraphExecution.Mode) throws -> [Float] {
            let pass = DetectorPass(graph, weights: weights, tape: Tape(recording: false), mode: mode)
            let images = try loader.batch(step: 0).resized(to: graph.architecture.input)
            return try pass.features(images).levels[2].value.array
        }
        let expected = try pyramid(.training)
        func largestDifference(_ a: [Float]) -> Float { zip(a, expected).map { abs($0 - $1) }.max() ?? 0 }
        let largest = expected.map(abs).max() ?? 0
        #expect(largestDifference(try pyramid(.inference)) > 0.1 * largest)
        let statistics = try estimatedStatistics(graph, weights, loader, batches: 1)
        #expect(Set(statistics.keys) == Set(weights.keys.filter { $0.contains("running_") }))
        weights.merge(statistics) { $1 }
        // Running variances divide by m − 1, a batch's own by m.
        #expect(largestDifference(try pyramid(.inference)) < 0.05 * largest)
    }

    /// Several batches: the mean over each one's statistics, whatever the running ones were; and the same every time.
    @Test func severalBatchesAreAveraged() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder).split("train")
        let graph = try narrowGraph(classes: data.categories.count, norm: .batch)
        var weights = graph.network.initialWeights(RandomStream(seed: 2))
        let loader = try BatchLoader(data, batchSize: 2, mirrors: [], random: RandomStream(seed: 1))
        let name = "backbone.body.bn1.running_mean"
        let both = try estimatedStatistics(graph, weights, loader, batches: 2)
        weights[name] = Tensor(repeating: 7, [16])
        #expect(try estimatedStatistics(graph, weights, loader, batches: 2)[name] == both[name])
        let parts = try (0..<2).map { step in
            let pass = DetectorPass(graph, weights: weights, tape: Tape(recording: false), mode: .training)
            _ = try pass.features(loader.batch(step: step).resized(to: graph.architecture.input))
            return try #require(pass.batchStatistics[name]).array
        }
        let mean = try #require(both[name]).array
        for channel in mean.indices { #expect(abs(mean[channel] - (parts[0][channel] + parts[1][channel]) / 2) < 1e-6) }
        let again = try withEstimatedStatistics(graph, weights, on: data)
        #expect(try withEstimatedStatistics(graph, weights, on: data) == again)
        #expect(
            again[name] != weights[name] && again["rpn.head.conv.0.0.weight"] == weights["rpn.head.conv.0.0.weight"])
    }

    @Test func otherNormsStayAsTheyAre() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder, train: 4).split("train")
        for norm in [Norm.frozen, .group] {
            let graph = try narrowGraph(classes: data.categories.count, norm: norm)
            let weights = graph.network.initialWeights(RandomStream(seed: 2))
            #expect(try withEstimatedStatistics(graph, weights, on: data) == weights)
        }
    }
}
