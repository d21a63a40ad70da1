import Basics
import Dataset
public import DetectorKit
import Foundation
public import StageKit
import Training

/// What forecasts tell each other of results: by the keys of the receipts' summaries, where these tell the same.
public enum Facts: Sendable {
    /// Images by split.
    case dataset(images: [String: Int])
    case detector(DetectorArchitecture)
    /// A detector of which only the cost is known.
    case costs(Cost)
    /// Multiply-accumulates of the largest teacher, and of one on average.
    case pool(largest: Int, mean: Int)
    /// The costs of a search's base and student.
    case search(base: Cost, student: Cost)
    case nothing

    var json: JSON {
        get throws {
            switch self {
            case .dataset(let images): ["splits": .object(images.mapValues { ["images": .integer($0)] })]
            case .detector(let architecture): ["architecture": try architecture.json]
            case .costs(let cost): Facts.json(cost)
            case .pool(let largest, let mean):
                ["teachers": [["macs": .integer(largest)], ["macs": .integer(2 * mean - largest)]]]
            case .search(let base, let student): ["base": Facts.json(base), "student": Facts.json(student)]
            case .nothing: .null
            }
        }
    }

    private static func json(_ cost: Cost) -> JSON {
        ["macs": .integer(cost.multiplyAccumulates), "parameters": .integer(cost.parameters)]
    }
}

extension Prospect {
    /// Images of a data set's split.
    public func images(_ split: String) -> Double? {
        summary["splits"]?[split]?["images"]?.number.flatMap { (0...1e9).contains($0) ? $0 : nil }
    }

    /// Images of the split that detectors are compared by; without any, pools and searches fail.
    public var imagesToChooseBy: Double {
        get throws {
            guard let images = images(SplitName.search), images > 0 else {
                throw Failure(
                    "the data set has no images in '\(SplitName.search)' to compare detectors by",
                    remedy: "pack it with a larger 'search_fraction'")
            }
            return images
        }
    }

    /// A detector's graph.
    public func graph(_ catalog: BackboneCatalog) throws -> DetectorGraph? {
        if let json = summary["architecture"] {
            return try DetectorGraph(DetectorArchitecture(json: json, at: "a forecast"), catalog)
        }
        return try url.map { try DetectorGraph(DetectorFiles.architecture(in: $0), catalog) }
    }

    /// A detector's cost.
    public func cost(_ catalog: BackboneCatalog) throws -> Cost? {
        try Prospect.cost(summary) ?? graph(catalog)?.cost
    }

    /// Multiply-accumulates of a pool's largest teacher, and of one on average.
    public var teachers: (largest: Int, mean: Int)? {
        let costs = (summary["teachers"]?.array ?? []).compactMap { Prospect.products($0) }
        return costs.max().map { ($0, costs.reduce(0) { $0 + $1 / costs.count }) }
    }

    /// Costs of a search's base and student.
    public func search(_ catalog: BackboneCatalog) throws -> (base: Cost, student: Cost)? {
        guard let student = Prospect.cost(summary["student"]) else { return nil }
        let told =
            try Prospect.cost(summary["base"])
            ?? url.map { try DetectorGraph(DetectorFiles.architecture(in: $0.appending(path: "base")), catalog).cost }
        return told.map { ($0, student) }
    }

    private static func cost(_ json: JSON?) -> Cost? {
        guard let json, let products = products(json), let parameters = json["parameters"]?.integer,
            (0...most).contains(parameters)
        else { return nil }
        return Cost(multiplyAccumulates: products, parameters: parameters)
    }

    private static func products(_ json: JSON) -> Int? {
        json["macs"]?.integer.flatMap { (0...most).contains($0) ? $0 : nil }
    }

    /// No detector has more: a receipt that somebody wrote by hand must not make sums that do not fit.
    private static let most = 1 << 50
}
