public import DetectorKit

/// Checks that a backbone plugin is what the rest of jdnas takes it for. It trusts nothing that the plugin says about
/// itself: networks are built, run, pruned, grown and differentiated.
///
/// In a plugin's tests:
///
///     @Test(arguments: BackboneConformance(MyBackbone()).cases)
///     func conforms(_ part: BackboneConformance.Case) { #expect(part.findings() == []) }
///
/// Descriptions are checked on every preset as it is. What has to run does so on a narrow variant with at most two blocks
/// a stage, in milliseconds.
public struct BackboneConformance: Sendable {
    public let backbone: any Backbone

    public init(_ backbone: any Backbone) { self.backbone = backbone }

    /// What is checked.
    public enum Aspect: String, Sendable, CaseIterable {
        /// Architectures survive JSON, impossible ones are refused, each block has parameters under its own prefix, and every
        /// axis of every parameter belongs to one channel group.
        case description
        /// Features have strides 4, 8, 16 and 32 on images of odd sizes, the channels that they are said to have, and no
        /// value that is not finite.
        case shapes
        /// Multiply-accumulates and parameters are what is run and held.
        case cost
        /// Every trained parameter has a gradient, and it is the slope of central differences.
        case gradients
        /// Each group of channels can be pruned, and the rest computes what the parent does with those channels at zero.
        case pruning
        /// New blocks and new channels leave the outputs as they were.
        case growth
        /// Random sequences of 20 actions on the whole detector: each is refused or leaves a legal detector, and those that
        /// must not change the answers do not, to 1e-9 in float64.
        case sequences
        /// A supernet sorted by importance answers as before, each value of its dimensions is another network, and its slices run.
        case pool
        /// The ONNX model, run by the definitions of its operators in float64, gives the same features.
        case export
    }

    /// One preset, with one kind of norm, in one respect.
    public struct Case: Sendable, CustomStringConvertible {
        let backbone: any Backbone
        public let preset: String
        public let norm: Norm
        public let aspect: Aspect

        public var description: String { "\(preset) with \(norm.rawValue) norm: \(aspect.rawValue)" }
    }

    public var cases: [Case] {
        backbone.presets.flatMap { preset in
            Norm.allCases.flatMap { norm in
                Aspect.allCases.map { Case(backbone: backbone, preset: preset, norm: norm, aspect: $0) }
            }
        }
    }

    /// All that is wrong, one line each; nothing for a backbone that conforms.
    public func check() -> [String] {
        let presets = backbone.presets
        if presets.isEmpty { return ["\(backbone.name) has no preset"] }
        if Set(presets).count != presets.count { return ["\(backbone.name) names a preset twice"] }
        return cases.flatMap { $0.findings() }
    }
}

extension BackboneConformance.Case {
    /// All that is wrong in this respect, one line each.
    public func findings() -> [String] {
        var found = Findings()
        do {
            let subject = try Subject(backbone, preset: preset, norm: norm)
            switch aspect {
            case .description: try subject.checkDescription(&found)
            case .shapes: try subject.checkShapes(&found)
            case .cost: try subject.checkCost(&found)
            case .gradients: try subject.checkGradients(&found)
            case .pruning: try subject.checkPruning(&found)
            case .growth: try subject.checkGrowth(&found)
            case .sequences: try subject.checkSequences(&found)
            case .pool: try subject.checkPool(&found)
            case .export: try subject.checkExport(&found)
            }
        } catch {
            found.add("\(error)")
        }
        return found.lines.map { "\(self): \($0)" }
    }
}

/// What is wrong.
struct Findings {
    private(set) var lines: [String] = []

    mutating func add(_ line: String) { lines.append(line) }

    mutating func require(_ condition: Bool, _ line: @autoclosure () -> String) { if !condition { add(line()) } }
}
