import Basics
public import Dataset
import Detection
public import DetectorKit
public import Tensor

/// Images that batch norm's statistics are estimated on, and how many at a time.
private let (estimationImages, estimationBatch) = (128, 8)

/// Weights with batch norm's running statistics estimated anew, on the same images of a split every time; as they are where
/// there is no batch norm.
public func withEstimatedStatistics(
    _ graph: DetectorGraph, _ weights: NamedTensors, on split: DatasetSplit
) throws -> NamedTensors {
    guard graph.architecture.backbone.norm == .batch else { return weights }
    let loader = try BatchLoader(
        split, batchSize: estimationBatch, mirrors: [], random: RandomStream(seed: 0).stream("statistics"))
    let statistics = try estimatedStatistics(graph, weights, loader, batches: estimationImages / estimationBatch)
    return weights.merging(statistics) { $1 }
}

/// Batch norm's running statistics, estimated anew: the means over some batches of each batch's mean and variance, all with
/// the same weights.
///
/// Where channels or blocks have come or gone, what the running averages say is another network's; so Once-for-All (Cai et
/// al., ICLR 2020) and slimmable networks (Yu et al., ICLR 2019) estimate them anew before a sampled network is used.
///
/// - Parameter batches: how many of the loader's to take, from its first on; at most an epoch's.
/// - Returns: the statistics by parameter name; none for a detector without batch norm.
public func estimatedStatistics(
    _ graph: DetectorGraph, _ weights: NamedTensors, _ loader: BatchLoader, batches: Int
) throws -> NamedTensors {
    guard graph.architecture.backbone.norm == .batch else { return [:] }
    let count = max(1, min(batches, loader.stepsPerEpoch))
    var sums: NamedTensors = [:]
    let batches = Prefetch(end: count) { [input = graph.architecture.input] in
        loader.begin(step: $0, resizedTo: [input])
    }
    for step in 0..<count {
        let pass = DetectorPass(graph, weights: weights, tape: Tape(recording: false), mode: .training)
        _ = try pass.features(batches.item(step).resized(to: graph.architecture.input))
        for (name, statistic) in pass.batchStatistics {
            var sum = sums.removeValue(forKey: name) ?? Tensor(repeating: 0, statistic.shape)
            sum.add(statistic, factor: 1 / Float(count))
            sums[name] = sum
        }
    }
    return sums
}
