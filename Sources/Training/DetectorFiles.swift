import Basics
public import Dataset
public import Detection
public import DetectorKit
public import Foundation
import Glibc
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

    /// Writes a new folder, with the classes where they are known: it is whole, or not there.
    public static func writeNew(_ detector: Detector, _ categories: [Dataset.Category]?, to folder: URL) throws {
        try requireNew(folder)
        let parent = folder.deletingLastPathComponent()
        let temporary = parent.appending(
            path: ".\(folder.lastPathComponent).\(getpid())-\(UInt64.random(in: 0...(.max))).tmp")
        defer { try? FileManager.default.removeItem(at: temporary) }
        do {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            throw Failure("cannot create this folder", at: parent.path, remedy: "check the path", cause: .system)
        }
        try write(detector, to: temporary)
        if let categories { try write(categories, to: temporary) }
        try requireNew(folder)
        guard rename(temporary.path, folder.path) == 0 else {
            throw Failure.system("rename", at: folder.path, errno: errno)
        }
        try DurableFile.syncDirectory(parent)
    }

    /// Refuses a path where something lies.
    public static func requireNew(_ folder: URL) throws {
        guard !FileManager.default.fileExists(atPath: folder.path) else {
            throw Failure("something lies here already", at: folder.path, remedy: "name a new folder")
        }
    }

    /// The architecture of the detector in a folder.
    public static func architecture(in folder: URL) throws -> DetectorArchitecture {
        let place = folder.appendingPathComponent(architectureName)
        guard let text = try? Data(contentsOf: place) else {
            throw Failure(
                "no detector here: \(architectureName) cannot be read", at: folder.path,
                remedy: "give a folder with \(architectureName) and \(weightsName)")
        }
        return try DetectorArchitecture(json: JSON(parsing: text, at: place.path), at: place.path)
    }

    /// Reads a detector, and refuses weights that do not fit its architecture, naming each tensor.
    public static func read(from folder: URL, _ catalog: BackboneCatalog) throws -> Detector {
        let graph = try DetectorGraph(
            architecture(in: folder), catalog, at: folder.appendingPathComponent(architectureName).path)
        let file = folder.appendingPathComponent(weightsName)
        let weights = try SafeTensors.read(file).tensors
        try graph.check(weights, at: file.path)
        // A detector of such weights finds nothing, and says nothing.
        for (name, tensor) in weights.sorted(by: { $0.key < $1.key })
        where !tensor.withUnsafeFloats({ $0.allSatisfy(\.isFinite) }) {
            throw Failure(
                "the weights '\(name)' are NaN or infinite", at: file.path,
                remedy: "give undamaged weights, from before their training diverged")
        }
        return Detector(graph: graph, weights: weights)
    }
}

extension DetectorGraph {
    /// Refuses weights that are not this graph's, and names what is missing, misshapen or too much.
    public func check(_ weights: NamedTensors, at place: String) throws {
        let misfits = Misfits(of: weights.mapValues(\.shape), with: network.parameters)
        if let failure = misfits.failure(
            "the weights do not fit the architecture", at: place,
            remedy: "give the weights that belong to this \(DetectorFiles.architectureName)")
        {
            throw failure
        }
    }
}
