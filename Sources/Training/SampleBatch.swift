public import Detection
public import DetectorKit
public import Tensor

/// Training images with what is on them.
public struct SampleBatch: Sendable {
    /// As decoded.
    public let images: [ImagePlanes]
    /// How each image is mirrored when it is resized.
    public let mirrorings: [Set<Mirroring>]
    /// What is on the mirrored images, in their pixels before resizing.
    public let targets: [DetectionTarget]
    private let resized: [DetectorArchitecture.InputSize: ImageBatch]

    /// - Parameter inputs: the input sizes to resize the images to, now and on the calling thread alone; each with the
    ///   memory to put them in, if some is reserved.
    public init(
        images: [ImagePlanes], mirrorings: [Set<Mirroring>]? = nil, targets: [DetectionTarget],
        resizedTo inputs: [DetectorArchitecture.InputSize: ReservedMemory?] = [:]
    ) {
        precondition(images.count == targets.count, "each image has its targets")
        let mirrorings = mirrorings ?? images.map { _ in [] }
        self.images = images
        self.mirrorings = mirrorings
        self.targets = targets
        resized = Dictionary(
            uniqueKeysWithValues: inputs.map { input, memory in
                (input, InputTransform(input).batch(images, mirrorings: mirrorings, onOneThread: true, in: memory))
            })
    }

    /// The input sizes that the images have been resized to.
    public var inputs: Set<DetectorArchitecture.InputSize> { Set(resized.keys) }

    /// The images as a detector of this input size reads them.
    public func resized(to input: DetectorArchitecture.InputSize) -> ImageBatch {
        resized[input] ?? InputTransform(input).batch(images, mirrorings: mirrorings)
    }
}
