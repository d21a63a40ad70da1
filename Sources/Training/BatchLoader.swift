public import Basics
public import Dataset
public import Detection
public import DetectorKit
import Images
import Synchronization
import Tensor

/// Serves the batches of a training run.
///
/// A batch is a function of its step's number and of the random stream alone, so that a resumed run sees what an
/// uninterrupted one would have seen: every epoch is a fresh permutation of the images, cut into full batches.
/// Crowd regions are left out, as torchvision's reference training does.
public final class BatchLoader: Sendable {
    public let split: DatasetSplit
    public let batchSize: Int
    public let stepsPerEpoch: Int
    private let mirrors: [Mirroring]
    private let variation: ImageVariation?
    private let random: RandomStream
    private let cache: Mutex<ImageCache>
    private let order = Mutex(EpochOrder())

    /// - Parameter random: the stream that names this run's data.
    public init(
        _ split: DatasetSplit, batchSize: Int, mirrors: [Mirroring], variation: ImageVariation? = nil,
        random: RandomStream
    ) throws {
        guard split.count > 0 else {
            throw Failure(
                "the split '\(split.name)' has no images to train on", remedy: "pack a data set with training images")
        }
        self.split = split
        self.batchSize = min(batchSize, split.count)
        stepsPerEpoch = split.count / self.batchSize
        self.mirrors = mirrors
        self.variation = variation
        self.random = random
        cache = Mutex(ImageCache(split))
    }

    /// The batches of a plan.
    public convenience init(_ split: DatasetSplit, for plan: TrainingPlan, random: RandomStream) throws {
        try self.init(
            split, batchSize: plan.batchSize, mirrors: plan.mirrors, variation: plan.variation, random: random)
    }

    /// The batch of a step, from 0.
    ///
    /// - Parameter inputs: the input sizes to resize its images to; others are made when they are asked for.
    public func batch(step: Int, resizedTo inputs: [DetectorArchitecture.InputSize] = []) throws -> SampleBatch {
        try begin(step: step, resizedTo: inputs)()
    }

    /// Reserves the memory of a batch, and returns what makes it, on whatever thread.
    public func begin(
        step: Int, resizedTo inputs: [DetectorArchitecture.InputSize]
    ) -> @Sendable () throws -> SampleBatch {
        let (epoch, index) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        let epochRandom = random.stream("epoch", epoch)
        let places = index * batchSize..<(index + 1) * batchSize
        let chosen = order.withLock { $0.images(epoch, epochRandom, count: split.count)[places] }
        let mirrorings = places.map { draw(epochRandom.stream("flips", $0)) }
        let variations = zip(places, chosen).map { place, index in
            variation.map { $0.draw(for: split.size(index), epochRandom.stream("variation", place)) }
        }
        let sizes = zip(chosen, variations).map { $1?.size ?? split.size($0) }
        var memory: [DetectorArchitecture.InputSize: ReservedMemory?] = [:]
        for input in inputs where memory[input] == nil { memory[input] = InputTransform(input).reserve(sizes) }
        return { [self, memory] in
            var (images, targets): ([ImagePlanes], [DetectionTarget]) = ([], [])
            for (place, index) in chosen.enumerated() {
                var image = try cache.withLock { try $0.image(index) }
                var target = DetectionTarget(split.records[index].objects)
                if let drawn = variations[place] { (image, target) = (image.varied(drawn), target.varied(drawn)) }
                images.append(image)
                targets.append(target.mirrored(mirrorings[place], sizes[place]))
            }
            return SampleBatch(images: images, mirrorings: mirrorings, targets: targets, resizedTo: memory)
        }
    }

    private func draw(_ random: RandomStream) -> Set<Mirroring> {
        var random = random
        let drawn = Mirroring.allCases.filter { _ in random.uniform() < 0.5 }
        return Set(drawn).intersection(mirrors)
    }
}

extension DetectionTarget {
    public init(_ objects: [ObjectAnnotation]) {
        self.init(
            boxes: objects.map { Box(x1: $0.box.x1, y1: $0.box.y1, x2: $0.box.x2, y2: $0.box.y2) },
            labels: objects.map(\.label))
    }
}

/// The order of the images in an epoch; that of the last one asked for is kept.
private struct EpochOrder {
    private var epoch = -1
    private var order: [Int] = []

    mutating func images(_ epoch: Int, _ random: RandomStream, count: Int) -> [Int] {
        if epoch != self.epoch {
            var shuffle = random.stream("order")
            self.epoch = epoch
            order = shuffle.permutation(count)
        }
        return order
    }
}

extension DatasetSplit {
    /// The size of a picture, without decoding it.
    func size(_ index: Int) -> ImageSize {
        let image = records[index].image
        return ImageSize(width: image.width, height: image.height)
    }

    /// Reads and decodes a picture.
    func planes(_ index: Int) throws -> ImagePlanes {
        let decoded = try image(index)
        return ImagePlanes(width: decoded.width, height: decoded.height, pixels: decoded.pixels)
    }
}

/// Decoded images, kept as long as they fit into a fixed amount of memory.
struct ImageCache {
    private let split: DatasetSplit
    private let limit: Int
    private var held = 0
    private var images: [Int: ImagePlanes] = [:]

    /// - Parameter limit: bytes of decoded pixels to keep.
    init(_ split: DatasetSplit, limit: Int = 768 << 20) {
        self.split = split
        self.limit = limit
    }

    mutating func image(_ index: Int) throws -> ImagePlanes {
        if let image = images[index] { return image }
        let image = try split.planes(index)
        if held + image.pixels.count <= limit {
            held += image.pixels.count
            images[index] = image
        }
        return image
    }
}
