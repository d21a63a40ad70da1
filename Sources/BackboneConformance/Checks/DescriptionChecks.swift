import Basics
import DetectorKit

extension Subject {
    func checkDescription(_ found: inout Findings) throws {
        found.require(preset.plugin == backbone.name, "the architecture names the plugin '\(preset.plugin)'")
        found.require(preset.norm == norm, "the architecture has \(preset.norm) norms")
        found.require(backbone.channelUnit >= 1, "a channel unit of \(backbone.channelUnit)")
        let graph = try full()
        try checkText(graph.architecture, &found)
        checkPrefixes(graph, &found)
        checkGroups(graph, &found)
        checkRefusals(graph, &found)
        for stage in preset.stages.indices {
            var longer = preset
            longer.stages[stage].blocks.append(backbone.newBlock(preset, stage: stage))
            do {
                try backbone.validate(longer)
            } catch {
                found.add("it refuses its own new block of stage \(stage + 1): \(error)")
            }
        }
    }

    private func checkText(_ architecture: DetectorArchitecture, _ found: inout Findings) throws {
        let text = try architecture.json.canonicalText
        let again = try DetectorArchitecture(json: JSON(parsing: text), at: "round trip")
        found.require(again == architecture, "the architecture is another one after its JSON was read")
        found.require(try again.json.canonicalText == text, "its canonical JSON is another one after it was read")
    }

    /// Inheritance goes by the prefixes of blocks.
    private func checkPrefixes(_ graph: DetectorGraph, _ found: inout Findings) {
        let names = graph.network.parameters.map(\.name)
        let body = names.filter { !$0.hasPrefix("backbone.fpn.") && $0.hasPrefix("backbone.") }
        found.require(
            body.allSatisfy { $0.hasPrefix("backbone.body.") }, "parameters do not begin with 'backbone.body.'")
        let prefixes = preset.stages.enumerated().flatMap { stage, settings in
            settings.blocks.indices.map { backbone.parameterPrefix(stage: stage, block: $0) }
        }
        for prefix in prefixes {
            found.require(prefix.hasSuffix("."), "the prefix '\(prefix)' lacks its dot")
            found.require(names.contains { $0.hasPrefix(prefix) }, "no parameter begins with '\(prefix)'")
            found.require(
                prefixes.filter { $0.hasPrefix(prefix) }.count == 1, "'\(prefix)' is the prefix of several blocks")
        }
    }

    /// Every axis of channels belongs to one group, which has its width.
    private func checkGroups(_ graph: DetectorGraph, _ found: inout Findings) {
        let specs = Dictionary(uniqueKeysWithValues: graph.network.parameters.map { ($0.name, $0) })
        var seen: [String: Set<Int>] = [:]
        for group in graph.channelGroups {
            for slice in group.slices {
                let place = "\(slice.parameter), axis \(slice.axis)"
                found.require(
                    seen[slice.parameter, default: []].insert(slice.axis).inserted, "\(place): in two channel groups")
                found.require(
                    specs[slice.parameter]?.shape[slice.axis] == group.width * slice.span,
                    "\(place): not as wide as its channel group")
            }
            for knob in group.knobs {
                found.require(
                    graph.architecture[knob] == group.width, "\(knob): not the width of the channels that it sets")
            }
        }
        // The second axis of a grouped convolution runs within a group.
        let grouped = Set(graph.network.groupedConvolutions)
        for spec in specs.values.sorted(by: { $0.name < $1.name }) {
            for axis in 0..<min(2, spec.shape.count) where spec.shape[axis] > 1 {
                if axis == 1, grouped.contains(where: { spec.name == "\($0).weight" }) { continue }
                found.require(
                    seen[spec.name]?.contains(axis) ?? false, "\(spec.name), axis \(axis): in no channel group")
            }
        }
        let free = Set(graph.channelGroups.flatMap(\.knobs))
        for knob in preset.knobs where !free.contains(knob) {
            found.add("\(knob): sets no channel group")
        }
    }

    private func checkRefusals(_ graph: DetectorGraph, _ found: inout Findings) {
        func requireRefusal(_ what: String, _ change: (inout DetectorArchitecture) -> Void) {
            var wrong = graph.architecture
            change(&wrong)
            do {
                try backbone.validate(wrong.backbone)
                found.add("it takes an architecture with \(what)")
            } catch {}
        }
        requireRefusal("no stages") { $0.backbone.stages = [] }
        requireRefusal("a stage less") { $0.backbone.stages.removeLast() }
        requireRefusal("a stage without blocks") { $0.backbone.stages[0].blocks = [] }
        requireRefusal("an unknown kind of block") {
            $0.backbone.block = "?"
            for stage in $0.backbone.stages.indices {
                for block in $0.backbone.stages[stage].blocks.indices {
                    $0.backbone.stages[stage].blocks[block].kind = nil
                }
            }
        }
        requireRefusal("a width too many in a block") { $0.backbone.stages[0].blocks[0].widths += [64, 64, 64, 64] }
        for knob in preset.knobs {
            requireRefusal("0 for \(knob)") { $0[knob] = 0 }
            requireRefusal("a negative width for \(knob)") { $0[knob] = -$0[knob] }
            if backbone.channelUnit > 1 { requireRefusal("a width beside the unit for \(knob)") { $0[knob] += 1 } }
        }
    }
}

extension NetworkGraph {
    /// The names of convolutions with several groups.
    fileprivate var groupedConvolutions: [String] {
        nodes.compactMap { node in
            guard case .convolution(let layer) = node.operation, layer.groups > 1 else {
                return nil
            }
            return layer.name
        }
    }
}

extension BackboneArchitecture {
    /// All of its own widths.
    var knobs: [Knob] {
        let stages = stages.enumerated().flatMap { stage, settings -> [Knob] in
            let inner = settings.blocks.enumerated().flatMap { block, settings in
                settings.widths.indices.map { Knob.inner(stage: stage, block: block, index: $0) }
            }
            return [.trunk(stage: stage)] + inner
        }
        return [.stem] + stages + (top == nil ? [] : [.top])
    }
}
