public import Basics
public import Dataset
public import Detection
import DetectorKit
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
}
