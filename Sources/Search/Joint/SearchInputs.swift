public import Basics
public import Dataset
public import Detection
import DetectorKit
import Glibc
import Tensor
import Training

/// What teachers and students are made from. Data set, base and pool are checked against each other before any work.
public struct SearchInputs {
    public let base: Detector
    public let train: DatasetSplit
    public let search: DatasetSplit
    /// The data set's digest.
    public let images: Digest

    /// Refuses a base of other classes than the data set's, and splits without objects.
    ///
    /// - Parameters:
    ///   - data: the data set, and what gave it.
    ///   - base: the detector to be upgraded, and what gave it.
    public init(
        _ data: (set: PackedDataset, place: String), base: (detector: Detector, place: String)
    ) throws {
        try base.detector.architecture.requireClasses(
            of: data.set, "the base", at: base.place, remedy: "train the base on this data set")
        train = try data.set.split(SplitName.train)
        search = try data.set.split(SplitName.search)
        try train.requireObjects("to train on", at: data.place, remedy: "pack a data set with training images")
        try search.requireObjects(
            "to compare detectors by", at: data.place, remedy: "pack the data set with a larger 'search_fraction'")
        self.base = base.detector
        images = data.set.digest
    }

    /// Refuses teachers that answer other questions than the base's students: other classes, or other anchors.
    public func check(_ pool: ElasticPool, at place: String) throws {
        let (own, teachers) = (base.architecture, pool.supernet.graph.architecture)
        let remedy = "train the pool from this base"
        guard teachers.classes == own.classes else {
            throw Failure(
                "the teachers know \(teachers.classes) classes and the base \(own.classes)", at: place, remedy: remedy)
        }
        guard teachers.anchors == own.anchors else {
            throw Failure(
                "the teachers' anchors (sizes \(teachers.anchors.sizes), ratios \(teachers.anchors.ratios)) are not the "
                    + "base's (\(own.anchors.sizes), \(own.anchors.ratios))", at: place, remedy: remedy)
        }
    }

    /// Whether the teachers' necks are the base's, channel for channel: where the pool was trained from the base, or both come
    /// from one detector.
    ///
    /// Seen from the output convolutions: what was trained on stays near where it was (on BCCD a cosine of 0.98 and more of the
    /// kernels and 0.89 of the biases, of pools and of bases trained on three times as long), what began elsewhere has nothing
    /// to do with it (0.01 and 0.06 at most). Where a base has other inputs to these convolutions, as some students have, the
    /// biases tell.
    public func sharesNeck(with pool: ElasticPool) -> Bool {
        func parameters(_ kind: String) -> [(own: Tensor, other: Tensor?)] {
            base.weights.filter { $0.key.hasPrefix("backbone.fpn.layer_blocks.") && $0.key.hasSuffix(kind) }
                .sorted { $0.key < $1.key }.map { ($0.value, pool.weights[$0.key]) }
        }
        func cosine(_ pairs: [(own: Tensor, other: Tensor?)]) -> Double {
            var (product, squares, others) = (0.0, 0.0, 0.0)
            for (own, other) in pairs {
                for (a, b) in zip(own.array, other?.array ?? []) {
                    product += Double(a) * Double(b)
                    squares += Double(a) * Double(a)
                    others += Double(b) * Double(b)
                }
            }
            return product / max(1e-30, sqrt(squares * others))
        }
        let (kernels, biases) = (parameters(".weight"), parameters(".bias"))
        guard kernels.allSatisfy({ $0.own.shape.first == $0.other?.shape.first }) else { return false }
        return cosine(kernels.allSatisfy { $0.own.shape == $0.other?.shape } ? kernels : biases) > 0.5
    }
}
