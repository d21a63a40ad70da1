public import Tensor

/// A picture: 8-bit red, green and blue beside each other, row by row.
public struct ImagePlanes: Sendable, Hashable {
    public let width: Int
    public let height: Int
    /// `width · height · 3` bytes.
    public let pixels: [UInt8]

    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3, "pixels do not fill the picture")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    public var size: ImageSize { ImageSize(width: width, height: height) }
}

/// What is to be found in an image: boxes in its pixels, and a label 1…K for each.
public struct DetectionTarget: Sendable, Hashable {
    public var boxes: [Box]
    public var labels: [Int]

    public init(boxes: [Box], labels: [Int]) {
        precondition(boxes.count == labels.count, "each box has a label")
        self.boxes = boxes
        self.labels = labels
    }
}

/// Images as a detector reads them: resized, normalised, and padded at the right and the bottom to one size.
public struct ImageBatch: Sendable {
    /// [N, 3, H, W]
    public let pixels: Tensor
    /// The size of each resized image within the padding.
    public let sizes: [ImageSize]
    /// The size of each image before.
    public let originalSizes: [ImageSize]

    public init(pixels: Tensor, sizes: [ImageSize], originalSizes: [ImageSize]) {
        self.pixels = pixels
        self.sizes = sizes
        self.originalSizes = originalSizes
    }

    public var count: Int { sizes.count }
    /// Targets in the pixels of the images as they were, moved to the resized images.
    public func resized(_ targets: [DetectionTarget]) -> [DetectionTarget] {
        targets.enumerated().map { index, target in
            DetectionTarget(
                boxes: target.boxes.map { $0.scaled(from: originalSizes[index], to: sizes[index]) },
                labels: target.labels)
        }
    }

    public var paddedSize: ImageSize { ImageSize(width: pixels.shape[3], height: pixels.shape[2]) }
}
