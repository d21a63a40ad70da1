public import Dataset
public import Detection

extension DetectionTarget {
    public init(_ objects: [ObjectAnnotation]) {
        self.init(
            boxes: objects.map { Box(x1: $0.box.x1, y1: $0.box.y1, x2: $0.box.x2, y2: $0.box.y2) },
            labels: objects.map(\.label))
    }

    /// The boxes as they lie in the mirrored image.
    public func mirrored(_ mirrors: Set<TrainingPlan.Mirror>, _ size: ImageSize) -> DetectionTarget {
        var target = self
        for index in target.boxes.indices {
            let box = target.boxes[index]
            if mirrors.contains(.horizontal) {
                target.boxes[index].x1 = Float(size.width) - box.x2
                target.boxes[index].x2 = Float(size.width) - box.x1
            }
            if mirrors.contains(.vertical) {
                target.boxes[index].y1 = Float(size.height) - box.y2
                target.boxes[index].y2 = Float(size.height) - box.y1
            }
        }
        return target
    }
}

extension ImagePlanes {
    public func mirrored(_ mirrors: Set<TrainingPlan.Mirror>) -> ImagePlanes {
        if mirrors.isEmpty { return self }
        let (width, height) = (width, height)
        let mirrored = [UInt8](unsafeUninitializedCapacity: pixels.count) { result, count in
            pixels.withUnsafeBufferPointer { source in
                for y in 0..<height {
                    let row = (mirrors.contains(.vertical) ? height - 1 - y : y) * width
                    for x in 0..<width {
                        let from = (y &* width &+ x) &* 3
                        let to = (row &+ (mirrors.contains(.horizontal) ? width &- 1 &- x : x)) &* 3
                        result[to] = source[from]
                        result[to &+ 1] = source[from &+ 1]
                        result[to &+ 2] = source[from &+ 2]
                    }
                }
            }
            count = pixels.count
        }
        return ImagePlanes(width: width, height: height, pixels: mirrored)
    }
}
