import Basics
public import Detection
public import DetectorKit
public import Foundation
import Models
public import Tensor

/// A detector on disk: a folder with `architecture.json` and `weights.safetensors`.
public enum DetectorFiles {
    public static let architectureName = "architecture.json"
    public static let weightsName = "weights.safetensors"

    /// Writes both files durably; the weights carry the architecture's digest.
    public static func write(_ detector: Detector, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let architecture = detector.graph.architecture
        try SafeTensors.write(
            detector.weights, metadata: ["format": "jdnas", "architecture": architecture.digest.hex],
            to: folder.appendingPathComponent(weightsName))
        try DurableFile.write(architecture.json.prettyText, to: folder.appendingPathComponent(architectureName))
    }

    /// Reads a detector, and refuses weights that do not fit its architecture, naming each tensor.
    public static func read(from folder: URL, _ catalog: BackboneCatalog) throws -> Detector {
        let place = folder.appendingPathComponent(architectureName)
        guard let text = try? Data(contentsOf: place) else {
            throw Failure(
                "no detector here: \(architectureName) cannot be read", at: folder.path,
                remedy: "give a folder with \(architectureName) and \(weightsName)")
        }
        let architecture = try DetectorArchitecture(json: JSON(parsing: text, at: place.path), at: place.path)
        let graph = try DetectorGraph(architecture, catalog, at: place.path)
        let file = folder.appendingPathComponent(weightsName)
        let weights = try SafeTensors.read(file).tensors
        try graph.check(weights, at: file.path)
        return Detector(graph: graph, weights: weights)
    }
}

extension DetectorGraph {
    /// Refuses weights that are not this graph's, and names what is missing, misshapen or too much.
    public func check(_ weights: NamedTensors, at place: String) throws {
        let specs = network.parameters
        var problems: [String] = []
        for spec in specs {
            if let tensor = weights[spec.name] {
                if tensor.shape != spec.shape { problems.append("\(spec.name) is \(tensor.shape), not \(spec.shape)") }
            } else {
                problems.append("missing \(spec.name) \(spec.shape)")
            }
        }
        let known = Set(specs.map(\.name))
        problems += weights.keys.filter { !known.contains($0) }.sorted().map { "unexpected \($0)" }
        guard !problems.isEmpty else { return }
        let shown = problems.prefix(8).joined(separator: "; ")
        let rest = problems.count > 8 ? "; and \(problems.count - 8) more" : ""
        throw Failure(
            "the weights do not fit the architecture: \(shown)\(rest)", at: place,
            remedy: "give the weights that belong to this \(DetectorFiles.architectureName)")
    }
}
