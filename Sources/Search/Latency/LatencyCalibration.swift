import Basics
public import Detection
public import DetectorKit
import Tensor
public import Training

extension LatencyModel {
    /// Measures a base detector and a narrow relative of it as whole detectors, side by side, and fits the model on them.
    /// Returns the base's figures.
    ///
    /// - Parameter progress: called after each image with the fraction done; may throw to stop.
    public func calibrate(
        on base: Detector, images: [ImagePlanes], rounds: Int, _ catalog: BackboneCatalog,
        progress: (Double) throws -> Void = { _ in }
    ) throws -> LatencyFigures {
        let narrow = try Self.narrow(base, catalog)
        let figures = try measureLatency(of: [base, narrow], images: images, rounds: rounds, progress: progress)
        try calibrate(
            [(base.graph, figures[0].median), (narrow.graph, figures[1].median)],
            regions: try Self.regions(of: base, images: images))
        return figures[0]
    }

    /// The base with every width halved, as far as widths go: it costs about a quarter.
    private static func narrow(_ base: Detector, _ catalog: BackboneCatalog) throws -> Detector {
        var (graph, weights) = (base.graph, base.weights)
        for group in base.graph.channelGroups {
            guard let knob = group.knobs.first else { continue }
            let unit = graph.searchUnit(of: knob)
            let action = StudentAction.setWidth(knob: knob, width: max(1, group.width / unit / 2) * unit)
            // A width that cannot be halved, for a shortcut's sake, stays.
            guard let child = try? action.apply(to: graph, catalog) else { continue }
            weights = try Inheritance(action, parent: graph, child: child, importance: nil, catalog)
                .weights(weights, .init(seed: 0))
            graph = child
        }
        return Detector(graph: graph, weights: weights)
    }

    /// The mean number of regions that reach the box head.
    private static func regions(of detector: Detector, images: [ImagePlanes]) throws -> Int {
        var count = 0
        for image in images {
            let pass = DetectorPass(
                detector.graph, weights: detector.weights, tape: Tape(recording: false), mode: .inference)
            count += pass.proposals(try pass.features(detector.transform.batch([image]))).reduce(0) { $0 + $1.count }
        }
        return max(1, count / max(1, images.count))
    }
}
