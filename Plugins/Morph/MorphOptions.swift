public import Detection
public import Devices
import Manifest
public import Search
import Tensor
import TrainingOptions

/// What `with:` of a `morph` stage says.
public struct MorphOptions: Codable, Sendable {
    /// Where the changed detector's weights come from.
    public enum Weights: String, Codable, Sendable, CaseIterable {
        /// The given detector's, by the actions.
        case inherited
        /// Drawn, as for a training from scratch.
        case fresh
    }

    public var actions: [StudentAction]
    /// The share of multiply-accumulates to narrow to; nil where only `actions` are applied.
    public var macs: Double?
    /// How that is done.
    public var widths: WidthRule
    public var weights: Weights
    public var importance: Importance.Measure
    public var importanceBatches: Int
    public var batchSize: Int
    public var sampling: TrainingSettings
    /// The split that both detectors are looked at on; nil for none.
    public var evaluateOn: String?
    public var precision: Precision

    init(_ reader: ConfigReader) {
        let before = reader.diagnosis.diagnostics.count
        let texts = reader.strings(
            "actions", default: [],
            help: "changes in their order, such as 'set stage2.trunk to 96' (jdnas morph --help lists them)")
        actions = texts.compactMap { text in
            do { return try StudentAction(parsing: text) } catch {
                reader.report("actions", "no action: '\(text)'", remedy: "write \(StudentAction.grammar)")
                return nil
            }
        }
        macs = reader.optionalDouble(
            "macs", in: 0.01...1,
            help: "after the actions widths are narrowed, to this share of the multiply-accumulates")
        weights = reader.choice(
            "weights", default: Weights.inherited, help: "fresh: drawn anew, to compare inheritance with")
        importance = reader.choice(
            "importance", default: Importance.Measure.taylor, help: "which channels stay when a width is cut")
        widths =
            reader.optionalChoice(
                "widths", among: WidthRule.allCases.map(\.rawValue),
                help: "how 'macs' is reached: all widths alike, or where the least importance goes for what is saved; "
                    + "without it cheapest for taylor, whose scores alone compare between layers, else alike"
            )
            .flatMap(WidthRule.init(rawValue:)) ?? WidthRule(for: importance)
        if let obstacle = widths.obstacle(with: importance) { reader.report("widths", obstacle) }
        importanceBatches = reader.int(
            "importance_batches", default: 8, in: 1...10_000, help: "batches that importance is taken over")
        batchSize = reader.int("batch_size", default: 4, in: 1...1024, help: "images of a batch")
        sampling = TrainingSettings(reader)
        let split = reader.choice(
            "evaluate_on", default: "search", among: ["search", "val", "none"],
            help: "the split that both detectors are looked at on")
        evaluateOn = split == "none" ? nil : split
        precision = reader.precision()
        // Where a value was refused, that is what is wrong.
        if actions.isEmpty, macs == nil, weights == .inherited, reader.diagnosis.diagnostics.count == before {
            reader.report(
                nil, "neither 'actions' nor 'macs' is given", remedy: "say what to change, or draw fresh weights")
        }
    }
}
