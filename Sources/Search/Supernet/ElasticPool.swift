import Basics
public import Detection
public import DetectorKit
public import Foundation
import Models
public import Tensor

/// A trained supernet with its card: what the pool's stage leaves and the search reads.
public struct ElasticPool {
    public let supernet: Supernet
    public let weights: NamedTensors
    public let card: [Teacher]
    /// The split that the card's APs are of.
    public let cardSplit: String
    /// Of the card's teachers, with batch norm.
    public let statistics: TeacherStatistics?

    public init(
        supernet: Supernet, weights: NamedTensors, card: [Teacher], cardSplit: String,
        statistics: TeacherStatistics? = nil
    ) {
        self.supernet = supernet
        self.weights = weights
        self.card = card
        self.cardSplit = cardSplit
        self.statistics = statistics
    }

    /// A teacher as a detector's graph and weights, sliced; batch norm's statistics are still the supernet's.
    public func teacher(_ choice: TeacherChoice) throws -> (graph: DetectorGraph, weights: NamedTensors) {
        let subnet = try supernet.subnet(choice)
        return (subnet.graph, try supernet.slice(weights, subnet))
    }

    /// A teacher as a detector of its own; nil where batch norm's statistics of it are not known (`TeacherShelf` estimates
    /// them).
    public func detector(_ choice: TeacherChoice) throws -> Detector? {
        let (graph, weights) = try teacher(choice)
        guard graph.architecture.backbone.norm == .batch else { return Detector(graph: graph, weights: weights) }
        return statistics?.known[choice].map { known in
            Detector(graph: graph, weights: weights.merging(known) { $1 })
        }
    }
}

extension ElasticPool {
    public static let format = "jdnas-teacher-pool/3"
    public static let describedIn = "pool.json"
    public static let weightsIn = "weights.safetensors"
    /// Only with batch norm.
    public static let statisticsIn = "statistics.safetensors"
    /// All that `write` may make.
    public static let files = [describedIn, weightsIn, statisticsIn]

    private struct Description: Codable {
        var format: String
        var architecture: DetectorArchitecture
        var space: SearchSpace
        var card: [Teacher]
        var cardSplit: String
    }

    /// Writes `pool.json`, `weights.safetensors`, and with batch norm `statistics.safetensors`, durably.
    public func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let architecture = supernet.graph.architecture
        try SafeTensors.write(
            weights, metadata: ["format": Self.format, "architecture": try architecture.digest.hex],
            to: folder.appending(path: Self.weightsIn))
        let description = Description(
            format: Self.format, architecture: architecture, space: supernet.space, card: card, cardSplit: cardSplit)
        try statistics?.write(card, to: folder.appending(path: Self.statisticsIn))
        try DurableFile.write(
            JSON(encoding: description).prettyText, to: folder.appending(path: Self.describedIn))
    }

    /// Reads what `write` wrote.
    public init(from folder: URL, _ catalog: BackboneCatalog) throws {
        let file = folder.appending(path: Self.describedIn)
        guard let data = try? Data(contentsOf: file) else {
            throw Failure(
                "no teacher pool here: \(Self.describedIn) cannot be read", at: folder.path,
                remedy: "name the output of a teacher-pool stage")
        }
        let json = try JSON(parsing: data, at: file.path)
        guard json["format"]?.string == Self.format else {
            throw Failure(
                "not a teacher pool of format '\(Self.format)'", at: file.path,
                remedy: "train the pool again with this version")
        }
        let description = try json.decode(Description.self, at: file.path)
        let graph = try DetectorGraph(description.architecture, catalog, at: file.path)
        try description.space.validate(for: description.architecture, at: file.path)
        if let stranger = description.card.first(where: { !description.space.contains($0.choice) }) {
            throw Failure(
                "a teacher on the card is not of this pool: \(stranger.choice)", at: file.path,
                remedy: "train the pool again")
        }
        let weightsFile = folder.appending(path: Self.weightsIn)
        let weights = try SafeTensors.read(weightsFile).tensors
        for spec in graph.network.parameters {
            guard let weight = weights[spec.name], weight.shape == spec.shape, weight.array.allSatisfy(\.isFinite)
            else {
                throw Failure(
                    "the pool's weights do not fit its architecture: \(spec.name) is not \(spec.shape), or not all numbers",
                    at: weightsFile.path, remedy: "train the pool again")
            }
        }
        let supernet = try Supernet(graph, description.space, catalog)
        self.init(
            supernet: supernet, weights: weights, card: description.card,
            cardSplit: description.cardSplit,
            statistics: try TeacherStatistics(
                description.card, of: supernet, from: folder.appending(path: Self.statisticsIn)))
    }
}
