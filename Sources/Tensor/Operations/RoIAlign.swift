import Devices

/// A region of interest: a box in image pixels, the image of the batch that it lies in, and the level to read it from.
public struct RoI: Sendable, Hashable {
    public var image: Int
    public var level: Int
    public var x1: Float
    public var y1: Float
    public var x2: Float
    public var y2: Float

    public init(image: Int, level: Int, x1: Float, y1: Float, x2: Float, y2: Float) {
        self.image = image
        self.level = level
        self.x1 = x1
        self.y1 = y1
        self.x2 = x2
        self.y2 = y2
    }
}

extension Tape {
    /// RoIAlign (He et al., "Mask R-CNN", 2017), as torchvision's with `aligned=False`: [R, C, size, size].
    ///
    /// `levels` are images of the same N and C; `scales[l]` is level l's pixels for one image pixel (1/4, 1/8, …). Each
    /// bin is the mean of `samplingRatio`² bilinear samples. A region is taken for at least one pixel of its level wide
    /// and high. Of regions no gradient is taken.
    public func roiAlign(
        levels: [Variable], rois: [RoI], scales: [Float], size: Int = 7, samplingRatio: Int = 2
    ) -> Variable {
        precondition(!levels.isEmpty && levels.count == scales.count, "RoIAlign wants a scale for each level")
        let (images, channels) = (levels[0].shape[0], levels[0].shape[1])
        precondition(
            levels.allSatisfy { $0.shape.count == 4 && $0.shape[0] == images && $0.shape[1] == channels },
            "RoIAlign's levels have the same images and channels")
        precondition(levels.allSatisfy { $0.shape[2] > 0 && $0.shape[3] > 0 }, "RoIAlign's levels have pixels")
        precondition(
            size > 0 && samplingRatio > 0 && size * samplingRatio <= 64, "RoIAlign takes up to 64 samples a side")
        precondition(
            rois.allSatisfy { (0..<images).contains($0.image) && levels.indices.contains($0.level) },
            "a region lies in an image and a level that exist")

        let block = levels[0].value.block
        let features = levels.map { $0.value.blocked(block) }
        let result = Tensor(unwritten: [rois.count, channels, size, size])
        let regions = RegionAlignment(
            images: images, channels: channels, block: block,
            regions: rois.map { Region(x1: $0.x1, y1: $0.y1, x2: $0.x2, y2: $0.y2, image: $0.image, level: $0.level) },
            size: size, sampling: samplingRatio)
        withExtendedLifetime(features) {
            let views = zip(features, scales).map {
                FeatureLevel($0.pointer, height: $0.shape[2], width: $0.shape[3], scale: $1)
            }
            Compute.device.roiAlign(views, regions, into: result.freshPointer)
        }

        let shapes = levels.map(\.shape)
        let blocks = levels.map(\.value.block)
        let wanted = levels.map(\.isTracked)
        return record(result, from: levels) { gradient in
            let parts = shapes.map { Tensor(unwritten: $0, block: block) }
            let plain = gradient.plain()
            withExtendedLifetime((parts, plain)) {
                let views = zip(parts, scales).map {
                    MutableFeatureLevel($0.freshPointer, height: $0.shape[2], width: $0.shape[3], scale: $1)
                }
                Compute.device.roiAlignBackward(plain.pointer, into: views, regions)
            }
            return parts.indices.map { wanted[$0] ? parts[$0].blocked(blocks[$0]) : nil }
        }
    }
}
