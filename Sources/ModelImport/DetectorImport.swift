import Basics
import Dataset
public import Detection
public import DetectorKit
public import Foundation
import Tensor
import Training

/// A Faster R-CNN with FPN that was trained elsewhere, read from a state_dict with torchvision's names
/// (`fasterrcnn_resnet50_fpn` and its kin). Only the weights are in such a file; see `Settings` for the rest.
public struct DetectorImport: Sendable {
    /// What a state_dict does not say. The defaults are torchvision's.
    public struct Settings: Sendable {
        /// How the backbone's norms go on: torchvision fine-tunes with frozen ones.
        public var norm: Norm = .frozen
        public var input = DetectorArchitecture.InputSize(shorter: 800, longer: 1333)
        public var anchors = DetectorArchitecture.Anchors(sizes: [32, 64, 128, 256, 512], ratios: [0.5, 1, 2])
        public var selection = DetectorArchitecture.Selection()
        /// What the norms added to the variance where the weights were trained.
        public var normEpsilon = Norm.epsilon
        /// The names of the classes without the background, in the order of labels.
        public var classNames: [String]?

        public init() {}
    }

    /// The preset that the backbone was found to be: `resnet50`.
    public let preset: String
    public let detector: Detector
    private let categories: [Dataset.Category]?

    /// Reads a detector, all of it or nothing: what is missing, misshapen or too much is named, and so is what is not
    /// finite.
    public init(from url: URL, _ settings: Settings, _ catalog: BackboneCatalog) throws {
        let weights = try ForeignWeights(opening: url, renaming: currentDetectorName)
        let found = try closestDetector(to: weights, settings, catalog)
        let total = found.graph.network.parameters.count
        if let failure = found.misfits.failure(
            "no Faster R-CNN with FPN as torchvision names it; the closest has a \(found.preset), of whose \(total) "
                + "parameters \(found.misfits.matches) match",
            at: weights.place, remedy: "give the state_dict of a fasterrcnn_*_fpn detector; docs/import.md says which")
        {
            throw failure
        }
        let count = found.graph.architecture.classes
        if let classNames = settings.classNames, classNames.count != count {
            throw Failure(
                "the detector has \(count) classes, and \(classNames.count) are named", at: weights.place,
                remedy: "name each class but the background, one a line")
        }
        categories = settings.classNames?.enumerated().map { Dataset.Category(id: $0 + 1, name: $1, label: $0 + 1) }
        let names = found.graph.network.parameters.map(\.name)
        var tensors = try weights.read(names)
        try found.graph.network.adaptScales(of: &tensors, from: settings.normEpsilon, at: weights.place)
        preset = found.preset
        detector = Detector(graph: found.graph, weights: tensors)
    }

    public var architecture: DetectorArchitecture { detector.architecture }
    public var parameterCount: Int { detector.graph.network.parameterCount }

    /// Writes the detector's folder, as `from:` of a train stage takes it: whole, or not at all.
    public func write(to folder: URL) throws { try DetectorFiles.writeNew(detector, categories, to: folder) }

    /// Refuses a folder that is there already, before any work is done.
    public static func requireNew(_ folder: URL) throws { try DetectorFiles.requireNew(folder) }
}

/// The detector whose parameters have most in common with a file's tensors, over all presets of all backbones; widths
/// that are free in a detector (pyramid, heads, classes) are taken from the file.
private func closestDetector(
    to weights: ForeignWeights, _ settings: DetectorImport.Settings, _ catalog: BackboneCatalog
) throws -> (preset: String, graph: DetectorGraph, misfits: Misfits) {
    let widths = FreeWidths(weights.shapes)
    var best: (preset: String, graph: DetectorGraph, misfits: Misfits)?
    for preset in catalog.presets {
        let architecture = DetectorArchitecture(
            backbone: try catalog.architecture(preset: preset, norm: settings.norm, groups: 1),
            neck: DetectorArchitecture.Neck(lateralWidth: widths.lateral, outputWidth: widths.neck),
            proposalWidth: widths.proposal, headWidths: widths.head, classes: widths.classes, input: settings.input,
            anchors: settings.anchors, selection: settings.selection)
        let graph = try DetectorGraph(architecture, catalog, at: weights.place)
        let misfits = Misfits(of: weights.shapes, with: graph.network.parameters)
        // Matches first: what a larger backbone lacks, and what a smaller one leaves over, counts against it.
        func score(_ misfits: Misfits) -> Int { misfits.matches - misfits.lines.count }
        if best.map({ score($0.misfits) < score(misfits) }) ?? true { best = (preset, graph, misfits) }
    }
    guard let best else { throw Failure("this program has no backbones", cause: .defect) }
    return best
}

/// The widths that are free in a detector, from the file's shapes; torchvision's where the file says nothing usable.
private struct FreeWidths {
    let lateral, neck, proposal: Int
    let head: [Int]
    let classes: Int

    init(_ shapes: [String: [Int]]) {
        func rows(_ name: String, least: Int = 1, default standard: Int) -> Int {
            guard let rows = shapes[name]?.first, (least...DetectorGraph.widest).contains(rows) else { return standard }
            return rows
        }
        lateral = rows("backbone.fpn.inner_blocks.0.0.weight", default: 256)
        neck = rows("backbone.fpn.layer_blocks.0.0.weight", default: 256)
        proposal = rows("rpn.head.conv.0.0.weight", default: 256)
        head = [6, 7].map { rows("roi_heads.box_head.fc\($0).weight", default: 1024) }
        // The background is no class.
        classes = rows("roi_heads.box_predictor.cls_score.weight", least: 2, default: 91) - 1
    }
}

extension NetworkGraph {
    /// Norms here add `Norm.epsilon` to the variance. Where others added something else, their scales are changed so that
    /// the norm computes the same: by the root of the one sum over the other.
    func adaptScales(of weights: inout NamedTensors, from epsilon: Float, at place: String) throws {
        for spec in parameters where spec.role == .runningVariance {
            guard let variance = weights[spec.name]?.array else { continue }
            guard variance.allSatisfy({ $0 >= 0 && $0 + epsilon > 0 }) else {
                throw Failure(
                    "a variance is negative, or zero with nothing added to it", at: "\(place): '\(spec.name)'",
                    remedy: "give undamaged weights, and the --norm-epsilon that they were trained with")
            }
            let scale = spec.name.replacing(/running_var$/, with: "weight")
            guard epsilon != Norm.epsilon, let tensor = weights[scale] else { continue }
            let adapted = zip(tensor.array, variance).map { scale, variance in
                let factor = (Double(variance) + Double(Norm.epsilon)) / (Double(variance) + Double(epsilon))
                return Float(Double(scale) * factor.squareRoot())
            }
            weights[scale] = Tensor(tensor.shape, adapted)
        }
    }
}
