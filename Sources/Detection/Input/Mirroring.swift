/// What changes places when an image is mirrored: left and right, or top and bottom.
public enum Mirroring: String, Sendable, Hashable, Codable, CaseIterable {
    case horizontal, vertical
}

extension DetectionTarget {
    /// The boxes as they lie in the mirrored image.
    public func mirrored(_ mirrorings: Set<Mirroring>, _ size: ImageSize) -> DetectionTarget {
        var target = self
        for index in target.boxes.indices {
            let box = target.boxes[index]
            if mirrorings.contains(.horizontal) {
                target.boxes[index].x1 = Float(size.width) - box.x2
                target.boxes[index].x2 = Float(size.width) - box.x1
            }
            if mirrorings.contains(.vertical) {
                target.boxes[index].y1 = Float(size.height) - box.y2
                target.boxes[index].y2 = Float(size.height) - box.y1
            }
        }
        return target
    }
}
