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
        var graph = try drawn(&draw)
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
            checkInherited(action, (graph, weights), child, &found)
            try checkRemoval(action, (graph, weights), child.inheritance, importance, step, &found)
            switch action.kind(on: graph.architecture) {
            case .addBlock, .widen:
                preserving += 1
                check(before, after, "\(action), step \(step)", &found)
            case .input, .proposals: check(before, after, "\(action), step \(step)", &found)
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

    /// A relative of the narrow preset that random actions lead to.
    private func drawn(_ draw: inout RandomStream) throws -> DetectorGraph {
        var graph = try narrow()
        for _ in 0..<8 {
            let action = randomAction(graph, &draw)
            if let child = try? action.apply(to: graph, catalog) { graph = child }
        }
        return graph
    }

    /// What is taken away adds nothing where it gives 0: the channels that go, or the block's branch, silenced beforehand.
    private func checkRemoval(
        _ action: StudentAction, _ parent: (graph: DetectorGraph, weights: NamedTensors), _ inheritance: Inheritance,
        _ importance: Importance, _ step: Int, _ found: inout Findings
    ) throws {
        var silent = parent.weights
        switch action {
        case .setWidth(let knob, let width):
            guard let group = parent.graph.group(of: knob), width < group.width else { return }
            let kept = Set(inheritance.origins(of: knob))
            silent = silenced(silent, group, (0..<group.width).map { !kept.contains($0) })
        case .removeBlock(let stage, let block):
            let prefix = backbone.parameterPrefix(stage: stage, block: block)
            for name in parent.graph.network.parametersThatSilence(prefix) ?? [] {
                silent[name] = silent[name].map { Tensor(repeating: 0, $0.shape) }
            }
        case .addBlock, .moveBlock, .setInput, .setProposals: return
        }
        let child = try action.morph(parent.graph, silent, importance: importance, random.stream("new", step), catalog)
        check(
            try answers(parent.graph, silent), try answers(child.graph, child.weights),
            "\(action) of what gives nothing, step \(step)", &found)
    }

    /// Every entry that has a place in both is the parent's: by the names of parameters, and the channels that stayed.
    private func checkInherited(
        _ action: StudentAction, _ parent: (graph: DetectorGraph, weights: NamedTensors),
        _ child: (graph: DetectorGraph, weights: NamedTensors, inheritance: Inheritance), _ found: inout Findings
    ) {
        switch action {
        case .addBlock, .setInput, .setProposals:
            for (name, tensor) in parent.weights where child.weights[name] != tensor {
                found.add("\(action): \(name) is not the parent's")
            }
        case .setWidth(let knob, _):
            guard let group = child.graph.group(of: knob) else { return }
            let origins = child.inheritance.origins(of: knob)
            var places: [String: [Int: [Int]]] = [:]
            for slice in group.slices {
                places[slice.parameter, default: [:]][slice.axis] = origins.flatMap { origin in
                    (0..<slice.span).map { origin < 0 ? -1 : origin * slice.span + $0 }
                }
            }
            for (name, tensor) in child.weights {
                guard let old = parent.weights[name] else {
                    found.add("\(action): \(name) is new")
                    continue
                }
                found.require(
                    agrees(tensor, with: old, places[name] ?? [:]), "\(action): \(name) is not the parent's")
            }
        case .removeBlock(let stage, _), .moveBlock(let stage, _, _):
            // Those of the stage move up; the others stay.
            let own = (0...parent.graph.architecture.backbone.stages[stage].blocks.count).map {
                backbone.parameterPrefix(stage: stage, block: $0)
            }
            for (name, tensor) in parent.weights
            where !own.contains(where: { name.hasPrefix($0) }) && child.weights[name] != tensor {
                found.add("\(action): \(name) is not the parent's")
            }
        }
    }

    /// Whether each entry of a tensor is that of the old one at its place; -1 stands for a new one.
    private func agrees(_ tensor: Tensor, with old: Tensor, _ places: [Int: [Int]]) -> Bool {
        let (values, olds) = (tensor.array, old.array)
        guard tensor.shape.count == old.shape.count else { return false }
        for index in values.indices {
            var (rest, at, stride) = (index, 0, 1)
            var isNew = false
            for axis in tensor.shape.indices.reversed() {
                let own = rest % tensor.shape[axis]
                rest /= tensor.shape[axis]
                let place = places[axis].map { $0[own] } ?? own
                if place < 0 { isNew = true }
                at += place * stride
                stride *= old.shape[axis]
            }
            if !isNew, values[index] != olds[at] { return false }
        }
        return true
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
        case 5 where draw.index(below: 4) == 0: return .setProposals(1 + draw.index(below: 300))
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
