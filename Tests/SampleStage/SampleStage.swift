import Basics
import Dataset
import Foundation
import Images
public import Manifest
public import StageKit

/// Stage `sample-stage`: counts the objects of a split and measures the colours of its pictures.
///
/// The artifact is `statistics.json`: how many pictures, objects of each class, and the mean and deviation of red, green and
/// blue over all pixels, from 0 to 1.
public struct SampleStage: StagePlugin {
    public let name = "sample-stage"
    public let version = 1
    public let summary = "counts the objects of a split and measures the colours of its pictures"
    public let consumes = [InputRequirement(.dataset)]
    public let produces = ArtifactKind.evaluation

    public init() {}

    /// What `with:` of such a stage says.
    public struct Options: Codable, Sendable {
        public var split: String
        /// In pictures.
        public var checkpointEvery: Int

        public init(split: String, checkpointEvery: Int) {
            self.split = split
            self.checkpointEvery = checkpointEvery
        }
    }

    public func options(_ reader: inout ConfigReader) -> Options? {
        Options(
            split: reader.choice(
                "split", default: SplitName.train, among: SplitName.all, help: "the pictures to look at"),
            checkpointEvery: reader.int(
                "checkpoint_every", default: 1000, in: 1...1_000_000, help: "pictures between two saved states"))
    }

    public func forecast(_ options: Options, _ inputs: [Prospect]) throws -> Forecast? {
        let pictures = inputs.first(.dataset)?.summary["splits"]?[options.split]?["images"]?.number
        return pictures.map { Forecast([.init(multiplyAccumulates: 0, seconds: 0.002 * $0)]) }
    }

    public func run(_ options: Options, _ context: StageContext) throws {
        let input = try context.inputs.require(.dataset)
        let split = try PackedDataset(input.directory).split(options.split)
        guard split.count > 0 else {
            throw Failure(
                "the split '\(split.name)' has no pictures", at: input.reference, remedy: "name another one in 'split'")
        }
        var statistics = try context.checkpoint.resumeDirectory.map(Statistics.init(in:)) ?? Statistics()
        while statistics.pictures < split.count {
            try statistics.add(split, statistics.pictures)
            let done = statistics.pictures
            context.progress.report(
                fraction: Double(done) / Double(split.count), message: "\(done) of \(split.count) pictures")
            if done % options.checkpointEvery == 0 || context.isCancelled {
                try context.checkpoint.save(named: "picture-\(done)") { try statistics.write(to: $0) }
            }
            try context.checkCancelled()
        }
        let result = statistics.result(split.name)
        try DurableFile.write(
            result.prettyText, to: context.output.directory.appending(path: "statistics.json"))
        context.output.mark("statistics.json", bundle: true)
        context.output.summary = result
    }
}

/// What has been counted so far. Whole numbers: their sums are the same in any order, and survive JSON.
struct Statistics: Codable {
    /// The first so many of the split are counted.
    var pictures = 0
    /// By class.
    var objects: [String: Int] = [:]
    var pixels = 0
    /// Over all pixels, of red, green and blue from 0 to 255. The squares fill 64 bits after 10¹⁴ pixels.
    var sums = [0, 0, 0]
    var squares = [0, 0, 0]

    mutating func add(_ split: DatasetSplit, _ index: Int) throws {
        let image = try split.image(index)
        for (place, value) in image.pixels.enumerated() {
            sums[place % 3] += Int(value)
            squares[place % 3] += Int(value) * Int(value)
        }
        pixels += image.width * image.height
        for object in split.records[index].objects {
            objects[split.categories[object.label - 1].name, default: 0] += 1
        }
        pictures += 1
    }

    /// The artifact's numbers: they follow from the counts alone.
    func result(_ split: String) -> JSON {
        let count = Double(pixels)
        let means = sums.map { Double($0) / count / 255 }
        let deviations = zip(squares, means).map { max(0, Double($0) / count / 65025 - $1 * $1).squareRoot() }
        let total = objects.values.reduce(0, +)
        return [
            "split": .string(split), "pictures": .integer(pictures),
            "objects": .object(objects.mapValues(JSON.integer)),
            "mean": .array(means.map(JSON.number)), "deviation": .array(deviations.map(JSON.number)),
            "headline": [.string("\(pictures) pictures in '\(split)', \(total) objects of \(objects.count) classes")],
        ]
    }

    // MARK: In a checkpoint

    private static let file = "statistics.json"

    func write(to folder: URL) throws {
        try DurableFile.write(JSON(encoding: self).prettyText, to: folder.appending(path: Self.file))
    }

    /// Goes on from a checkpoint.
    init(in folder: URL) throws {
        let file = folder.appending(path: Self.file)
        self = try JSON(parsing: Data(contentsOf: file), at: file.path).decode(Statistics.self, at: file.path)
    }

    init() {}
}
