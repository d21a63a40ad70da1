import Basics
import DetectorKit
import Foundation
import Models
import Tensor

/// The tensors of a file that another program wrote, under the names that torchvision has for them today.
struct ForeignWeights: Sendable {
    private let file: WeightsFile
    /// The file's name of each tensor.
    private let origins: [String: String]
    let shapes: [String: [Int]]
    var place: String { file.url.path }

    /// What wrappers put before names: Lightning's modules, DataParallel, checkpoints flattened into one file.
    private static let prefixes = ["model.", "module.", "state_dict."]

    /// Opens a file and names its tensors; counters of batches are left out, which nothing here uses.
    init(opening url: URL, renaming: (String) -> String) throws {
        file = try WeightsFile(opening: url)
        var origins: [String: String] = [:]
        for origin in file.shapes.keys.sorted() {
            var name = origin
            while let prefix = Self.prefixes.first(where: name.hasPrefix) { name.removeFirst(prefix.count) }
            if name.hasSuffix("num_batches_tracked") { continue }
            name = renaming(name)
            if let other = origins.updateValue(origin, forKey: name) {
                throw Failure(
                    "'\(other)' and '\(origin)' are both '\(name)'", at: url.path,
                    remedy: "save the weights of one model alone")
            }
        }
        self.origins = origins
        shapes = origins.compactMapValues { [file] in file.shapes[$0] }
    }

    func dropping(where isUnused: (String) -> Bool) -> ForeignWeights {
        ForeignWeights(file: file, origins: origins.filter { !isUnused($0.key) })
    }

    private init(file: WeightsFile, origins: [String: String]) {
        self.file = file
        self.origins = origins
        shapes = origins.compactMapValues { file.shapes[$0] }
    }

    /// Reads tensors by their names here, and refuses values that no network can compute with.
    func read(_ names: [String]) throws -> NamedTensors {
        let found = try file.read(Set(names.compactMap { origins[$0] }))
        var tensors: NamedTensors = [:]
        var broken: [String] = []
        for name in names {
            guard let origin = origins[name], let tensor = found[origin] else { continue }
            tensors[name] = tensor
            let count = tensor.withUnsafeFloats { $0.count { !$0.isFinite } }
            if count > 0 { broken.append("\(origin) (\(count) of \(tensor.count))") }
        }
        guard broken.isEmpty else {
            let rest = broken.count > 20 ? ", and \(broken.count - 20) more" : ""
            throw Failure(
                "weights are NaN or infinite: \(broken.prefix(20).joined(separator: ", "))\(rest)", at: place,
                remedy: "give weights from before the training diverged")
        }
        return tensors
    }
}

/// torchvision's current name of a detector's parameter: before 0.13 the pyramid's and the proposal head's convolutions
/// stood by themselves, not in a `Conv2dNormActivation`.
func currentDetectorName(_ name: String) -> String {
    if let match = name.wholeMatch(of: /rpn\.head\.conv\.(weight|bias)/) { return "rpn.head.conv.0.0.\(match.1)" }
    if let match = name.wholeMatch(of: /(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)/) {
        return "\(match.1).0.\(match.2)"
    }
    return name
}
