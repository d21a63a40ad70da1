import Dataset
public import Detection
public import Devices
import Manifest
public import Search
public import Training
import TrainingOptions

/// What `with:` of a `teacher-pool` stage says.
public struct TeacherPoolOptions: Codable, Sendable {
    public var plan: TrainingPlan
    public var sampling: TrainingSettings
    public var growth: PoolGrowth
    /// How many blocks a teacher may lack in each stage.
    public var removableBlocks: Int
    public var innerWidths: [Double]
    /// Whether each block has a width of its own.
    public var isPerBlock: Bool
    public var trunkWidths: [Double]
    /// Shorter sides below the largest teacher's.
    public var inputs: [Int]
    public var schedule: ShrinkingSchedule
    public var distillation: DistillationSettings
    /// Teachers drawn for the card, beside the largest and the smallest.
    public var cardSamples: Int
    /// The split that the card's APs are of.
    public var evaluateOn: String
    /// Images that a latency is measured on, and how often.
    public var latencyImages: Int
    public var latencyRounds: Int
    public var precision: Precision

    init(_ reader: ConfigReader) {
        plan = TrainingKeys(reader).plan(reader, epochs: 4, leastEpochs: 0, learningRate: 0.005, warmUp: 20)
        sampling = TrainingSettings(reader)
        let grow = reader.reader("grow", help: "how much larger than the base the largest teacher is")
        growth = PoolGrowth(
            blocks: grow.ints(
                "blocks", default: [0, 0, 1, 0], in: 0...64, count: 1...16, help: "blocks to add to each of the stages"),
            innerWidth: grow.double(
                "width", default: 1, in: 1...4, help: "inner widths, as a multiple of the base's"),
            input: grow.optionalInt("input", in: 32...8192, help: "shorter side, above the detector's"))
        let space = reader.reader("space", help: "in what teachers differ")
        removableBlocks = space.int(
            "removable_blocks", default: 1, in: 0...64, help: "blocks that a teacher may lack in each stage")
        innerWidths = space.doubles(
            "widths", default: [0.5, 0.75, 1], in: 0.1...1, count: 1...8,
            help: "widths inside the blocks, as shares of the largest teacher's, rising to 1")
        isPerBlock =
            space.choice(
                "width_per", default: "stage", among: ["stage", "block"],
                help: "whether all blocks of a stage have one width, or each its own (many more teachers)") == "block"
        trunkWidths = space.doubles(
            "trunk_widths", default: [1], in: 0.1...1, count: 1...8, help: "widths of the stages' trunks, rising to 1")
        inputs = space.ints(
            "inputs", default: [], in: 32...8192, count: 0...8,
            help: "shorter sides below the largest teacher's, rising")
        Self.requireRise(space, "widths", innerWidths, to: 1)
        Self.requireRise(space, "trunk_widths", trunkWidths, to: 1)
        Self.requireRise(space, "inputs", inputs)
        if let largest = growth.input, let last = inputs.last, last >= largest {
            space.report(
                "inputs", "an input of \(last) pixels is not below the largest teacher's of \(largest)",
                remedy: "name smaller ones, or a larger 'grow.input'")
        }
        if removableBlocks == 0, innerWidths == [1], trunkWidths == [1], inputs.isEmpty {
            reader.report("space", "there is one teacher only", remedy: "open blocks, widths or inputs")
        }
        schedule = ShrinkingSchedule(
            order: reader.choice(
                "schedule", default: ShrinkingSchedule.Order.integrated,
                help: "integrated: all dimensions open together; sequential: one after the other"),
            sampled: reader.int(
                "sampled", default: 3, in: 1...16,
                help: "networks that a step trains beside the largest: the smallest, and others drawn"),
            opening: reader.double(
                "opening", default: 0.5, in: 0...1, help: "share of the run after which the whole space is open"))
        distillation = DistillationSettings(
            reader.reader("distillation", help: "what the smaller networks learn from the largest"))
        cardSamples = reader.int(
            "card_samples", default: 6, in: 0...64,
            help: "teachers drawn for the pool's card; the same ones for equal spaces")
        evaluateOn = reader.choice(
            "evaluate_on", default: SplitName.search, among: [SplitName.search, SplitName.val],
            help: "the split that the card's teachers are looked at on; val only where no search follows")
        latencyImages = reader.int("latency_images", default: 12, in: 1...1000, help: "images to measure latency on")
        latencyRounds = reader.int(
            "latency_rounds", default: 2, in: 1...100, help: "passes over these images, in two halves")
        precision = reader.precision()
    }

    /// Reports numbers that do not rise, or do not end where they must.
    private static func requireRise<Number: Comparable>(
        _ reader: ConfigReader, _ key: String, _ numbers: [Number], to last: Number? = nil
    ) {
        if zip(numbers, numbers.dropFirst()).contains(where: { $0 >= $1 }) {
            reader.report(key, "'\(key)' must rise, not be \(numbers)", remedy: "give each once, the smallest first")
        } else if let last, numbers.last != last {
            reader.report(key, "'\(key)' must end with \(last), not be \(numbers)", remedy: "add \(last) at the end")
        }
    }
}
