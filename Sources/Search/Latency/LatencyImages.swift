public import Dataset
public import Detection
import Images

/// The first images of a split, decoded: what latencies are measured on.
public func latencyImages(_ split: DatasetSplit, count: Int) throws -> [ImagePlanes] {
    try (0..<min(count, split.count)).map { index in
        let image = try split.image(index)
        return ImagePlanes(width: image.width, height: image.height, pixels: image.pixels)
    }
}
