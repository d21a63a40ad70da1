import Basics

extension COCOBox {
    /// Finite, and no side negative.
    fileprivate func check(at place: String) throws {
        guard x.isFinite, y.isFinite, width.isFinite, height.isFinite else {
            throw Failure("the box has a number that is not finite", at: place, remedy: "drop the entry or mend it")
        }
        guard width >= 0, height >= 0 else {
            throw Failure(
                "the box has a negative width or height", at: place, remedy: "write boxes as [x, y, width, height]")
        }
    }
}

extension GroundTruth {
    /// Throws at the first annotation that cannot be evaluated against, with its index.
    func check(at place: String) throws {
        var seen: [Int: Int] = [:]
        seen.reserveCapacity(annotations.count)
        for (index, annotation) in annotations.enumerated() {
            let here = "\(place): annotations[\(index)]"
            try annotation.box.check(at: here)
            guard annotation.area.isFinite else { throw Failure("the area is not finite", at: here) }
            if let earlier = seen.updateValue(index, forKey: annotation.id) {
                throw Failure(
                    "id \(annotation.id) is that of annotations[\(earlier)] too", at: here,
                    remedy: "give each annotation an id of its own")
            }
        }
    }
}

extension DetectionRecord {
    /// Throws unless the detection can be ranked and placed.
    func check(isKnownImage: Bool, at place: String) throws {
        guard isKnownImage else {
            throw Failure(
                "image id \(imageID) is not in the ground truth", at: place,
                remedy: "evaluate detections against the annotations of the same split")
        }
        guard score.isFinite else {
            throw Failure("the score is not finite", at: place, remedy: "drop the detection or mend its score")
        }
        try box.check(at: place)
    }
}
