import Basics
public import DetectorKit
public import Foundation
import Models
public import Tensor

/// A trained supernet with its card: what the pool's stage leaves and the search reads.
public struct ElasticPool {
    public let supernet: Supernet
    public let weights: NamedTensors
    public let card: [PoolCardEntry]

    public init(supernet: Supernet, weights: NamedTensors, card: [PoolCardEntry]) {
        self.supernet = supernet
        self.weights = weights
        self.card = card
    }

    /// A teacher as a detector's graph and weights.
    public func teacher(_ choice: TeacherChoice) throws -> (graph: DetectorGraph, weights: NamedTensors) {
        let subnet = try supernet.subnet(choice)
        return (subnet.graph, try supernet.slice(weights, subnet))
    }
}

/// What a pool says of one of its teachers. Measured times are kept out: equal trainings make equal pools.
public struct PoolCardEntry: Sendable, Hashable, Codable {
    /// `largest`, `smallest`, or `sampled`.
    public var name: String
    public var choice: TeacherChoice
    /// On the search split.
    public var precision: Double
    public var cost: Cost

    public init(name: String, choice: TeacherChoice, precision: Double, cost: Cost) {
        self.name = name
        self.choice = choice
        self.precision = precision
        self.cost = cost
    }
}

extension ElasticPool {
    public static let format = "jdnas-teacher-pool/2"
    public static let describedIn = "pool.json"
    public static let weightsIn = "weights.safetensors"

    private struct Description: Codable {
        var format: String
        var architecture: DetectorArchitecture
        var space: SearchSpace
        var card: [PoolCardEntry]
    }

    /// Writes `pool.json` and `weights.safetensors` durably.
    public func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let architecture = supernet.graph.architecture
        try SafeTensors.write(
            weights, metadata: ["format": Self.format, "architecture": try architecture.digest.hex],
            to: folder.appending(path: Self.weightsIn))
        let description = Description(
            format: Self.format, architecture: architecture, space: supernet.space, card: card)
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
        let weightsFile = folder.appending(path: Self.weightsIn)
        let weights = try SafeTensors.read(weightsFile).tensors
        for spec in graph.network.parameters where weights[spec.name]?.shape != spec.shape {
            throw Failure(
                "the pool's weights do not fit its architecture: \(spec.name) is not \(spec.shape)",
                at: weightsFile.path, remedy: "train the pool again")
        }
        self.init(
            supernet: try Supernet(graph, description.space, catalog), weights: weights, card: description.card)
    }
}
