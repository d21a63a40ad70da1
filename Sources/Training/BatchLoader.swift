public import Basics
public import Dataset
public import Detection
import Images
import Synchronization

/// Training images with what is on them.
public struct SampleBatch: Sendable {
    public var images: [ImagePlanes] = []
    public var targets: [DetectionTarget] = []

    public init(images: [ImagePlanes] = [], targets: [DetectionTarget] = []) {
        self.images = images
        self.targets = targets
    }
}

/// Serves the batches of a training run.
///
/// A batch is a function of its step's number and of the random stream alone, so that a resumed run sees what an
/// uninterrupted one would have seen: every epoch is a fresh permutation of the images, cut into full batches.
/// Crowd regions are left out, as torchvision's reference training does.
public final class BatchLoader: Sendable {
    public let split: DatasetSplit
    public let batchSize: Int
    public let stepsPerEpoch: Int
    private let mirrors: [TrainingPlan.Mirror]
    private let random: RandomStream
    private let cache: Mutex<ImageCache>

    /// - Parameter random: the stream that names this run's data.
    public init(
        _ split: DatasetSplit, batchSize: Int, mirrors: [TrainingPlan.Mirror], random: RandomStream
    ) throws {
        guard split.count > 0 else {
            throw Failure(
                "the split '\(split.name)' has no images to train on", remedy: "pack a data set with training images")
        }
        self.split = split
        self.batchSize = min(batchSize, split.count)
        stepsPerEpoch = split.count / self.batchSize
        self.mirrors = mirrors
        self.random = random
        cache = Mutex(ImageCache(split))
    }

    /// The batch of a step, from 0.
    public func batch(step: Int) throws -> SampleBatch {
        let (epoch, index) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        let epochRandom = random.stream("epoch", epoch)
        var shuffle = epochRandom.stream("order")
        let order = shuffle.permutation(split.count)
        var batch = SampleBatch()
        for position in index * batchSize..<(index + 1) * batchSize {
            let image = try cache.withLock { try $0.image(order[position]) }
            let target = DetectionTarget(split.records[order[position]].objects)
            let flips = drawFlips(epochRandom.stream("flips", position))
            batch.images.append(image.mirrored(flips))
            batch.targets.append(target.mirrored(flips, image.size))
        }
        return batch
    }

    private func drawFlips(_ random: RandomStream) -> Set<TrainingPlan.Mirror> {
        var random = random
        let drawn = TrainingPlan.Mirror.allCases.filter { _ in random.uniform() < 0.5 }
        return Set(drawn).intersection(mirrors)
    }
}

/// Decoded images, kept as long as they fit into a fixed amount of memory.
public struct ImageCache {
    private let split: DatasetSplit
    private let limit: Int
    private var held = 0
    private var images: [Int: ImagePlanes] = [:]

    /// - Parameter limit: bytes of decoded pixels to keep.
    public init(_ split: DatasetSplit, limit: Int = 768 << 20) {
        self.split = split
        self.limit = limit
    }

    public mutating func image(_ index: Int) throws -> ImagePlanes {
        if let image = images[index] { return image }
        let decoded = try split.image(index)
        let image = ImagePlanes(width: decoded.width, height: decoded.height, pixels: decoded.pixels)
        if held + image.pixels.count <= limit {
            held += image.pixels.count
            images[index] = image
        }
        return image
    }
}
