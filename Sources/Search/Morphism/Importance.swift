public import Basics
public import DetectorKit
public import Tensor

/// How much each channel of a detector's channel groups matters.
public struct Importance: Sendable {
    public enum Measure: String, Sendable, Hashable, Codable, CaseIterable {
        /// |Σ w·∂L/∂w| over a channel's piece of each parameter, accumulated over batches: the first-order change of
        /// the loss when the piece goes (Molchanov et al., CVPR 2019).
        case taylor
        /// |γ| of the norms on the channel (Liu et al., ICCV 2017); L1 for channels without a norm.
        case normScale = "norm-scale"
        /// Σ|w| of the weights that make the channel (Li et al., ICLR 2017).
        case l1
        /// Drawn: what the others are to be compared with.
        case random

        /// Whether a layer's scores say something beside another one's: only Taylor's are all changes of the loss.
        public var isComparableAcrossLayers: Bool { self == .taylor }
    }

    /// First knob of a group → a score for each channel.
    private var table: [Knob: [Float]]

    public init() { table = [:] }

    /// The scores of a group's channels; nil for a group that was not scored.
    public func scores(of group: ChannelGroup) -> [Float]? {
        guard let knob = group.knobs.first, let scores = table[knob], scores.count == group.width else { return nil }
        return scores
    }

    /// Scores that are drawn.
    public init(drawn random: RandomStream, _ graph: DetectorGraph) {
        table = [:]
        for group in graph.channelGroups {
            guard let knob = group.knobs.first else { continue }
            var draw = random.stream("\(knob)")
            table[knob] = (0..<group.width).map { _ in Float(draw.uniform()) }
        }
    }

    /// Scores that need neither data nor chance: `.normScale` or `.l1`.
    public init(_ measure: Measure, _ graph: DetectorGraph, weights: NamedTensors) {
        table = [:]
        for group in graph.channelGroups {
            guard let knob = group.knobs.first else { continue }
            let scales = group.slices.filter { $0.role == .norm && $0.parameter.hasSuffix(".weight") }
            let producers = group.slices.filter { $0.role == .producer }
            var scores = [Float](repeating: 0, count: group.width)
            for slice in measure == .normScale && !scales.isEmpty ? scales : producers {
                guard let weight = weights[slice.parameter] else { continue }
                Self.add(slice, weight.array, shape: weight.shape, to: &scores) { $0 + abs($1) }
            }
            table[knob] = scores
        }
    }

    /// Adds one batch's Taylor scores. `gradients` are of the mean loss, by parameter name; parameters without a
    /// gradient (frozen ones) add nothing.
    public mutating func addTaylor(_ graph: DetectorGraph, weights: NamedTensors, gradients: NamedTensors) {
        var products: [String: (values: [Float], shape: [Int])] = [:]
        for (name, gradient) in gradients {
            guard let weight = weights[name] else { continue }
            let values = zip(weight.array, gradient.array).map { $0 * $1 }
            products[name] = (values, weight.shape)
        }
        for group in graph.channelGroups {
            guard let knob = group.knobs.first else { continue }
            var scores = table[knob] ?? [Float](repeating: 0, count: group.width)
            for slice in group.slices {
                guard let product = products[slice.parameter] else { continue }
                var piece = [Float](repeating: 0, count: group.width)
                Self.add(slice, product.values, shape: product.shape, to: &piece) { $0 + $1 }
                for channel in scores.indices { scores[channel] += abs(piece[channel]) }
            }
            table[knob] = scores
        }
    }

    /// The child's scores: each channel keeps that of the parent's channel it was. A new channel has none yet and
    /// counts as infinitely important, so that no one takes it away before it has been trained.
    public func inherited(through inheritance: Inheritance) -> Importance {
        var groups: [String: ChannelGroup] = [:]
        for group in inheritance.parent.channelGroups {
            for slice in group.slices where slice.role == .producer { groups[slice.parameter] = group }
        }
        var child = Importance()
        for group in inheritance.child.channelGroups {
            guard let knob = group.knobs.first else { continue }
            let producers = group.slices.filter { $0.role == .producer }
            let inherited = producers.lazy.compactMap { slice -> (parent: ChannelGroup, origins: [Int])? in
                guard let map = inheritance.maps[slice.parameter], let source = map.source,
                    let parent = groups[source]
                else { return nil }
                return (parent, map.axes[slice.axis] ?? Array(0..<group.width))
            }.first
            if let inherited {
                guard let scores = scores(of: inherited.parent) else { continue }
                child.table[knob] = inherited.origins.map { $0 < 0 ? .infinity : scores[$0] }
            } else {
                child.table[knob] = [Float](repeating: .infinity, count: group.width)
            }
        }
        return child
    }

    /// Folds a parameter's entries into the channels that they belong to.
    private static func add(
        _ slice: ChannelGroup.Slice, _ values: [Float], shape: [Int], to scores: inout [Float],
        _ fold: (Float, Float) -> Float
    ) {
        let inner = shape[(slice.axis + 1)...].reduce(1, *) * slice.span
        guard inner > 0 else { return }
        let channels = scores.count
        for (run, start) in stride(from: 0, to: values.count, by: inner).enumerated() {
            let channel = run % channels
            var score = scores[channel]
            for offset in start..<start + inner { score = fold(score, values[offset]) }
            scores[channel] = score
        }
    }

    /// The `count` units of `unit` channels with the highest sums, in their order. Of equals the first stay.
    public static func strongest(_ count: Int, unit: Int, scores: [Float]) -> [Int] {
        ranked(unit: unit, scores: scores).prefix(count).sorted()
    }

    /// All units, strongest first.
    public static func ranked(unit: Int, scores: [Float]) -> [Int] {
        let sums = (0..<scores.count / unit).map { scores[$0 * unit..<($0 + 1) * unit].reduce(0, +) }
        return sums.indices.sorted { sums[$0] != sums[$1] ? sums[$0] > sums[$1] : $0 < $1 }
    }
}
