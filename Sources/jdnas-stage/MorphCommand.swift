import Basics
import CommandKit
import Dataset
import Detection
import DetectorKit
import Devices
import Foundation
import Search
import Tensor
import Training

struct MorphCommand: Command {
    let name = "morph"
    let summary = "change a detector's architecture; its weights are inherited"
    let options = [
        Option("--base", value: "DIR", "the detector: a folder, or a bundle's student ('FILE', 'FILE:base')"),
        Option("--out", value: "DIR", "the folder to make"),
        Option("--action", value: "TEXT", repeats: true, "what to change; several are done in their order"),
        Option("--macs", value: "SHARE", "then narrow widths, to this share of the multiply-accumulates"),
        Option("--widths", value: "RULE", "how --macs is reached: cheapest (needs taylor) or alike"),
        Option("--importance", value: "NAME", "which channels stay: taylor (needs --data), norm-scale, l1, random"),
        Option("--data", value: "DIR", "a packed data set, for taylor and for batch norm's statistics"),
        Option("--seed", value: "N", "other seeds give new channels other weights (default 0)"),
        Option("--threads", value: "N", "threads to compute with (default: the processor's)"),
    ]
    let details = """
        An action is \(StudentAction.grammar).
        Without --importance channels are weighed by taylor where --data is given, else by norm-scale.
        Without --widths those are narrowed that cost the least importance for what they save, if channels are weighed by
        taylor, whose scores compare from layer to layer; else all alike.
        New blocks and channels change no output until they are trained; batch norm's statistics, which --data estimates anew,
        change it a little.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let base = try DetectorSource(named: arguments.require("--base"))
        let folder = URL(filePath: try arguments.require("--out")).standardizedFileURL
        let given = try arguments.all("--action").map { text in
            do { return try StudentAction(parsing: text) } catch let failure as Failure {
                throw UsageError(failure.what, remedy: failure.remedy)
            }
        }
        let share = try arguments.number("--macs", in: 0.01...1)
        guard !given.isEmpty || share != nil else {
            throw UsageError("nothing is to be changed", remedy: "give --action or --macs")
        }
        let threads = try arguments.integer("--threads", in: 1...1024)
        let random = RandomStream(seed: UInt64(try arguments.integer("--seed", in: 0...Int.max) ?? 0))
        try DetectorFiles.requireNew(folder)
        Compute.prepare(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, precision: .float32) {
            Terminal.error($0)
        }
        let train = try arguments.value("--data").map { name in
            let data = try PackedDataset(URL(filePath: name))
            try base.detector.architecture.requireClasses(
                of: data, "the detector", at: name, remedy: "give a data set of the detector's classes")
            return try data.split(SplitName.train)
        }

        let measure = try measure(arguments, hasData: train != nil)
        let widths = try widths(arguments, measure)
        let importance =
            share != nil || given.needImportance ? try importance(measure, base.detector, train, random) : nil
        let actions = try base.detector.graph.plan(
            given, narrowedTo: share, widths, importance: importance, backboneCatalog, at: "--macs")
        var child = try morphed(
            base.detector, by: actions, importance: importance, random.stream("morph"), backboneCatalog)
        if let train { child.weights = try withEstimatedStatistics(child.graph, child.weights, on: train) }
        try DetectorFiles.writeNew(child, base.categories, to: folder)

        for action in actions { Terminal.print("\(action)") }
        let (before, after) = (base.detector.graph.cost, child.graph.cost)
        let ratio = Double(after.multiplyAccumulates) / Double(before.multiplyAccumulates)
        Terminal.print(
            "\(folder.path): \(after.parameters) parameters (\(before.parameters) before), "
                + "\(tenths(100 * ratio)) % of the multiply-accumulates")
        if train == nil, child.architecture.backbone.norm == .batch {
            Terminal.error("note: batch norm's statistics are still the parent's; with --data they are estimated anew")
        }
        return 0
    }

    private func measure(_ arguments: Arguments, hasData: Bool) throws -> Importance.Measure {
        guard let name = arguments.value("--importance") else { return hasData ? .taylor : .normScale }
        guard let measure = Importance.Measure(rawValue: name) else {
            let names = Importance.Measure.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("'--importance' is not '\(name)'", remedy: "give one of: \(names)")
        }
        return measure
    }

    private func widths(_ arguments: Arguments, _ measure: Importance.Measure) throws -> WidthRule {
        guard let name = arguments.value("--widths") else { return WidthRule(for: measure) }
        guard let rule = WidthRule(rawValue: name) else {
            let names = WidthRule.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("'--widths' is not '\(name)'", remedy: "give one of: \(names)")
        }
        if let obstacle = rule.obstacle(with: measure) { throw UsageError(obstacle.what, remedy: obstacle.remedy) }
        return rule
    }

    private func importance(
        _ measure: Importance.Measure, _ base: Detector, _ train: DatasetSplit?, _ random: RandomStream
    ) throws -> Importance {
        if let train {
            return try Importance(
                measure, base.graph, base.weights, on: train, batches: 8, of: 4, mirrors: [],
                training: TrainingSettings(), random.stream("importance"), progress: {})
        }
        switch measure {
        case .taylor: throw UsageError("taylor weighs channels on images", remedy: "give --data, or another measure")
        case .random: return Importance(drawn: random.stream("importance"), base.graph)
        case .normScale, .l1: return Importance(measure, base.graph, weights: base.weights)
        }
    }
}
