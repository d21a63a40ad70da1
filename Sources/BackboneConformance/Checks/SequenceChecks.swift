import Basics
import DetectorKit
import ONNX
import Search
import Tensor

extension Subject {
    private static let steps = 20
    /// Relative to the largest output: in float64, and what float32 may make of it.
    private static let (exactTolerance, tolerance) = (1e-9, 1e-4)
    private static let outputs =
        (0..<DetectorGraph.levels).flatMap { ["objectness\($0)", "deltas\($0)"] } + ["class_logits", "box_deltas"]

    /// Random actions, one after the other, on backbone, neck and heads. Each is refused, or leaves a legal detector that
    /// survives JSON; those that must not change the answers do not, before suppression.
    func checkSequences(_ found: inout Findings) throws {
        var draw = random.stream("sequence")
        var graph = try narrow()
        var weights = try weights(graph)
        var before = try answers(graph, weights)
        checkExport(before, "at first", &found)
        var (applied, preserving) = (0, 0)
        for step in 0..<Self.steps {
            let action = randomAction(graph, &draw)
            let importance = Importance(drawn: random.stream("importance", step), graph)
            guard (try? action.apply(to: graph, catalog)) != nil else { continue }
            let child = try action.morph(graph, weights, importance: importance, random.stream("new", step), catalog)
            applied += 1
            checkFit(child.graph, child.weights, "\(action)", &found)
            let again = try DetectorArchitecture(json: child.graph.architecture.json, at: "\(action)")
            found.require(again == child.graph.architecture, "\(action): its JSON gives another architecture")
            found.require(try StudentAction(parsing: "\(action)") == action, "\(action): its text gives another action")
            let after = try answers(child.graph, child.weights)
            checkExport(after, "\(action), step \(step)", &found)
            switch action.kind(on: graph.architecture) {
            case .addBlock, .widen:
                preserving += 1
                check(before, after, "\(action), step \(step)", &found)
            case .input: check(before, after, "\(action), step \(step)", &found)
            case .moveBlock:
                // What the block gave at its old place is gone; at its new place it gives nothing.
                guard case .moveBlock(let stage, let block, _) = action else { break }
                let removed = try StudentAction.removeBlock(stage: stage, block: block).morph(
                    graph, weights, importance: nil, random, catalog)
                check(try answers(removed.graph, removed.weights), after, "\(action), step \(step)", &found)
            case .prune, .removeBlock: break
            }
            (graph, weights, before) = (child.graph, child.weights, after)
        }
        found.require(applied >= Self.steps / 3, "only \(applied) of \(Self.steps) random actions are legal")
        found.require(preserving >= 2, "only \(preserving) of the random actions were to change nothing")
    }

    private func randomAction(_ graph: DetectorGraph, _ draw: inout RandomStream) -> StudentAction {
        let stages = graph.architecture.backbone.stages
        let stage = draw.index(below: stages.count)
        let block = draw.index(below: stages[stage].blocks.count)
        switch draw.index(below: 8) {
        case 0, 1: return .addBlock(stage: stage)
        case 2: return .removeBlock(stage: stage, block: block)
        case 3: return .moveBlock(stage: stage, block: block, to: draw.index(below: stages.count))
        case 4 where draw.index(below: 4) == 0:
            return .setInput(.init(shorter: 32 + draw.index(below: 64), longer: 128))
        default:
            let knobs = graph.units.keys.sorted()
            let knob = knobs[draw.index(below: knobs.count)]
            let change = (draw.index(below: 5) - 2) * (graph.units[knob] ?? 1)
            return .setWidth(knob: knob, width: graph.architecture[knob] + change)
        }
    }

    /// All head outputs for one image: by the reference in float64, and as they are run.
    private struct Answers {
        var exact: [ReferenceValue]
        var run: [[Float]]
    }

    private func answers(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> Answers {
        let image = image(height: 32, width: 64, images: 1)
        let model = try ONNXModel(
            network: graph.network, weights: weights, outputs: Self.outputs, producerVersion: "conformance")
        let exact = try ONNXReference(model).run(
            ["image": ReferenceValue(image.shape, image.array.map { Double($0) })])
        let tape = Tape(recording: false)
        let names = Self.outputs.dropLast(2) + ["p0"]
        let execution = GraphExecution(graph.network)
        let dense = try execution.run(
            Array(names), on: tape, weights: weights, feeds: ["image": tape.constant(image)], mode: .inference)
        // The same windows as in the model.
        let heads = try execution.run(
            Array(Self.outputs.suffix(2)), on: tape, weights: weights,
            feeds: ["regions": tape.constant(windows(dense["p0"].value))], mode: .inference)
        return Answers(
            exact: exact,
            run: Self.outputs.dropLast(2).map { dense[$0].value.array }
                + Self.outputs.suffix(2).map { heads[$0].value.array })
    }

    /// The two windows of a feature map that `ONNXModel(network:)` takes for regions.
    private func windows(_ level: Tensor) -> Tensor {
        let (channels, height, width) = (level.shape[1], level.shape[2], level.shape[3])
        let (elements, side) = (level.array, DetectorGraph.regionSize)
        var values: [Float] = []
        for start in 0..<2 {
            for channel in 0..<channels {
                for row in start..<start + side {
                    let from = (channel * height + row) * width + start
                    values += elements[from..<from + side]
                }
            }
        }
        return Tensor([2, channels, side, side], values)
    }

    /// What runs is what the exported model says.
    private func checkExport(_ answers: Answers, _ what: String, _ found: inout Findings) {
        for (name, (exact, run)) in zip(Self.outputs, zip(answers.exact, answers.run)) {
            let largest = exact.elements.reduce(0) { max($0, abs($1)) }
            found.require(largest > 0 && largest.isFinite, "\(what): \(name) is 0 everywhere, or not finite")
            let differences = zip(exact.elements, run).map { abs($0 - Double($1)) }
            found.require(
                exact.elements.count == run.count && differences.allSatisfy { $0 <= Self.tolerance * largest },
                "\(what): \(name) differs from its export by \(differences.max() ?? 0) of \(largest)")
        }
    }

    private func check(_ before: Answers, _ after: Answers, _ what: String, _ found: inout Findings) {
        for (name, (a, b)) in zip(Self.outputs, zip(before.exact, after.exact)) {
            guard a.shape == b.shape else {
                found.add("\(what): \(name) is \(b.shape), not \(a.shape)")
                continue
            }
            let largest = a.elements.reduce(0) { max($0, abs($1)) }
            let differences = zip(a.elements, b.elements).map { abs($0 - $1) }
            // All must be within bounds, so that a NaN is not.
            found.require(
                differences.allSatisfy { $0 <= Self.exactTolerance * largest },
                "\(what): \(name) changes by \(differences.max() ?? 0) of \(largest) in float64")
        }
        for (name, (a, b)) in zip(Self.outputs, zip(before.run, after.run)) {
            let largest = a.reduce(0) { max($0, abs($1)) }
            let differences = zip(a, b).map { Double(abs($0 - $1)) }
            found.require(
                a.count == b.count && differences.allSatisfy { $0 <= Self.tolerance * Double(largest) },
                "\(what): \(name) changes by \(differences.max() ?? 0) of \(largest) in float32")
        }
    }
}
