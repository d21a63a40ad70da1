public import Basics
public import Dataset
public import Detection
public import DetectorKit
public import Foundation
import Models
public import Tensor
import Training

/// Batch norm's statistics of teachers: those that a supernet has are no other network's, so they are estimated once for each
/// choice, on the same images of a data set every time, and kept.
public struct TeacherStatistics: Sendable {
    /// The data set that they were estimated on.
    public let images: Digest
    public private(set) var known: [TeacherChoice: NamedTensors]

    public init(images: Digest, known: [TeacherChoice: NamedTensors] = [:]) {
        self.images = images
        self.known = known
    }

    /// A teacher's weights with its own statistics; as they are without batch norm.
    ///
    /// - Parameter train: the training images of the data set.
    public mutating func settle(
        _ choice: TeacherChoice, _ graph: DetectorGraph, _ weights: NamedTensors, on train: DatasetSplit
    ) throws -> NamedTensors {
        guard graph.architecture.backbone.norm == .batch else { return weights }
        if let statistics = known[choice] { return weights.merging(statistics) { $1 } }
        let settled = try withEstimatedStatistics(graph, weights, on: train)
        known[choice] = settled.filter { weights[$0.key] != $0.value }
        return settled
    }

    /// Statistics that were estimated before.
    mutating func take(_ statistics: NamedTensors, of choice: TeacherChoice) { known[choice] = statistics }
}

extension TeacherStatistics {
    private static let digest = "images"

    /// One file: each teacher's tensors under its place on the card; none for teachers without batch norm.
    func write(_ card: [Teacher], to file: URL) throws {
        var tensors: NamedTensors = [:]
        for (place, teacher) in card.enumerated() {
            for (name, tensor) in known[teacher.choice] ?? [:] { tensors["\(place)/\(name)"] = tensor }
        }
        if !tensors.isEmpty { try SafeTensors.write(tensors, metadata: [Self.digest: images.hex], to: file) }
    }

    /// Nil where there is no such file.
    init?(_ card: [Teacher], of supernet: Supernet, from file: URL) throws {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let (tensors, metadata) = try SafeTensors.read(file)
        guard let images = metadata[Self.digest].flatMap(Digest.init(hex:)) else {
            throw Failure("no digest of the images is told", at: file.path, remedy: "train the pool again")
        }
        var known: [TeacherChoice: NamedTensors] = [:]
        for (name, tensor) in tensors {
            let parts = name.split(separator: "/", maxSplits: 1)
            guard parts.count == 2, let place = Int(parts[0]), card.indices.contains(place) else {
                throw Failure("statistics of no teacher: '\(name)'", at: file.path, remedy: "train the pool again")
            }
            let graph = try supernet.subnet(card[place].choice).graph
            let spec = graph.network.parameters.first { $0.name == parts[1] && !$0.isTrainable }
            guard let spec, spec.shape == tensor.shape, tensor.array.allSatisfy(\.isFinite) else {
                throw Failure(
                    "'\(name)' is no statistic of that teacher, or holds what is no number", at: file.path,
                    remedy: "train the pool again")
            }
            known[card[place].choice, default: [:]][String(parts[1])] = tensor
        }
        self.init(images: images, known: known)
    }
}

/// The teachers of a pool, ready for use with a data set: the last one sliced, and the statistics of all that were used, in
/// memory and, for other processes that use the same pool, in a folder.
public final class TeacherShelf {
    public let pool: ElasticPool
    private let train: DatasetSplit
    private var statistics: TeacherStatistics
    private var last: (choice: TeacherChoice, detector: Detector)?
    private let folder: URL?

    /// - Parameters:
    ///   - train: the training images that batch norm's statistics are estimated on.
    ///   - images: the data set's digest: statistics that the pool has of the same images hold.
    ///   - folder: where statistics are kept, of this pool and these images only; made when it is needed.
    public init(_ pool: ElasticPool, train: DatasetSplit, images: Digest, keptIn folder: URL? = nil) {
        self.pool = pool
        self.folder = folder
        self.train = train
        statistics =
            pool.statistics.flatMap { $0.images == images ? $0 : nil } ?? TeacherStatistics(images: images)
    }

    /// A teacher as a detector.
    public func detector(_ choice: TeacherChoice) throws -> Detector {
        if let last, last.choice == choice { return last.detector }
        let (graph, weights) = try pool.teacher(choice)
        let detector = Detector(graph: graph, weights: try settled(choice, graph, weights))
        last = (choice, detector)
        return detector
    }

    private func settled(
        _ choice: TeacherChoice, _ graph: DetectorGraph, _ weights: NamedTensors
    ) throws -> NamedTensors {
        guard let folder, graph.architecture.backbone.norm == .batch, statistics.known[choice] == nil else {
            return try statistics.settle(choice, graph, weights, on: train)
        }
        let file = folder.appending(path: "\(try choice.digest.hex).safetensors")
        if let kept = try? SafeTensors.read(file).tensors, kept.allSatisfy({ weights[$0.key]?.shape == $0.value.shape })
        {
            statistics.take(kept, of: choice)
            return weights.merging(kept) { $1 }
        }
        let settled = try statistics.settle(choice, graph, weights, on: train)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Whole once it is there; two processes that write it write the same.
        try SafeTensors.write(statistics.known[choice] ?? [:], to: file)
        return settled
    }
}
