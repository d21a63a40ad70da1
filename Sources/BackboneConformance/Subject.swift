import Basics
import DetectorKit
import Devices
import Search
import Tensor

/// A preset under examination.
struct Subject {
    let backbone: any Backbone
    let catalog: BackboneCatalog
    /// As the plugin gives it.
    let preset: BackboneArchitecture
    let norm: Norm
    let random: RandomStream

    /// Groups of each norm at full width: what detectors have unless told otherwise.
    private static let normGroups = 16

    init(_ backbone: any Backbone, preset: String, norm: Norm) throws {
        self.backbone = backbone
        self.norm = norm
        catalog = BackboneCatalog([backbone])
        self.preset = try backbone.architecture(preset: preset, norm: norm, groups: Self.normGroups)
        random = RandomStream(seed: 1).stream(preset).stream(norm.rawValue)
    }

    /// The backbone under a narrow neck and heads.
    func detector(_ backbone: BackboneArchitecture) -> DetectorArchitecture {
        DetectorArchitecture(
            backbone: backbone, neck: .init(lateralWidth: 16, outputWidth: 16), proposalWidth: 16,
            headWidths: [16, 16],
            classes: 1, input: .init(shorter: 64, longer: 96),
            anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [1]), selection: .init())
    }

    func full() throws -> DetectorGraph { try DetectorGraph(detector(preset), catalog) }

    /// A relative of the preset with at most two blocks a stage and widths of about an eighth, at least three units.
    func narrow() throws -> DetectorGraph {
        var shallow = preset
        for stage in shallow.stages.indices {
            shallow.stages[stage].blocks.removeLast(max(0, shallow.stages[stage].blocks.count - 2))
        }
        var graph = try DetectorGraph(detector(shallow), catalog)
        for knob in graph.backboneKnobs {
            guard let unit = graph.units[knob] else { continue }
            let width = graph.architecture[knob]
            let narrow = max(3, width / unit / 8) * unit
            // Where a width would make a layer come or go, it stays.
            if narrow < width,
                let child = try? StudentAction.setWidth(knob: knob, width: narrow).apply(to: graph, catalog)
            {
                graph = child
            }
        }
        return graph
    }

    /// The backbone alone, with its features as outputs `feature0`….
    func body(_ architecture: BackboneArchitecture) -> (network: NetworkGraph, channels: [Int]) {
        var builder = GraphBuilder()
        let features = backbone.build(architecture, into: &builder, image: builder.input("image", channels: 3))
        for (level, feature) in features.enumerated() { builder.output("feature\(level)", feature) }
        return (builder.graph, features.map(builder.channels))
    }

    func image(height: Int, width: Int, images: Int = 2) -> Tensor {
        var random = random.stream("image")
        let shape = [images, 3, height, width]
        return Tensor(shape, (0..<shape.reduce(1, *)).map { _ in Float(random.normal()) })
    }

    /// Weights of a detector under which nothing passes by chance.
    func weights(_ graph: DetectorGraph) throws -> NamedTensors {
        var twin = graph.architecture
        twin.backbone.norm = .batch
        return try weights(graph.network, under: DetectorGraph(twin, catalog).network, (0..<4).map { "p\($0)" })
    }

    /// The same for a backbone alone.
    func weights(_ architecture: BackboneArchitecture) throws -> NamedTensors {
        var twin = architecture
        twin.norm = .batch
        let (network, channels) = body(twin)
        return try weights(body(architecture).network, under: network, channels.indices.map { "feature\($0)" })
    }

    /// Norms and biases are random too. Fixed statistics are about those of the activations, measured with batch norms in
    /// their place (`twin`): else values would grow from layer to layer.
    private func weights(
        _ network: NetworkGraph, under twin: NetworkGraph, _ outputs: [String]
    ) throws -> NamedTensors {
        var weights = twin.initialWeights(random.stream("weights"))
        var draws: [String: [Double]] = [:]
        for spec in twin.parameters {
            var draw = random.stream(spec.name)
            let center: Double
            switch spec.role {
            case .weight: continue
            case .normScale, .runningVariance: center = 1
            case .normShift, .runningMean, .bias: center = 0
            }
            draws[spec.name] = (0..<spec.count).map { _ in center + draw.uniform(-0.4, 0.4) }
            weights[spec.name] = Tensor(spec.shape, (draws[spec.name] ?? []).map { Float($0) })
        }
        let tape = Tape.exact(recording: false)
        let measured = try GraphExecution(twin).run(
            outputs, on: tape, weights: weights, feeds: ["image": tape.constant(image(height: 65, width: 97))],
            mode: .training
        ).batchStatistics
        let names = Set(network.parameters.map(\.name))
        for (name, statistic) in measured {
            let isMean = name.hasSuffix("mean")
            let varied = zip(statistic.array, draws[name] ?? []).map { isMean ? $0 + Float($1) : $0 * Float($1) }
            weights[name] = Tensor(statistic.shape, varied)
        }
        return weights.filter { names.contains($0.key) }
    }

    /// The pyramid's levels of a detector for an image: all of the backbone, and the laterals that read it.
    func pyramid(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> [[Float]] {
        let names = (0..<4).map { "p\($0)" }
        let tape = Tape.exact(recording: false)
        let results = try GraphExecution(graph.network).run(
            names, on: tape, weights: weights, feeds: ["image": tape.constant(image(height: 65, width: 97))],
            mode: .inference)
        return names.map { results[$0].value.array }
    }
}

/// The largest difference of two passes, relative to the largest value of the first; nil where their shapes differ.
func difference(_ a: [[Float]], _ b: [[Float]]) -> Float? {
    guard a.map(\.count) == b.map(\.count) else { return nil }
    // `max` passes over what is no number.
    guard (a + b).allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return .infinity }
    return zip(a, b).map { a, b -> Float in
        let largest = a.reduce(0) { max($0, abs($1)) }
        return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(largest, .leastNormalMagnitude)
    }.max()
}

extension Tape {
    /// Convolutions as they are defined: what Winograd's rounding leaves would hide differences that matter here.
    static func exact(recording: Bool) -> Tape { Tape(recording: recording, engine: .direct, precision: .float32) }
}

extension DetectorGraph {
    /// The first knob of each group that can be set, of the backbone's own.
    var backboneKnobs: [Knob] {
        channelGroups.compactMap(\.knobs.first).filter { knob in
            switch knob {
            case .stem, .trunk, .inner, .top: true
            case .lateral, .neck, .proposal, .head: false
            }
        }
    }
}
