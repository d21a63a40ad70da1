import Basics
public import DetectorKit
public import Foundation
public import Tensor

/// The weights of a classifier (ImageNet's ResNets of torchvision: `conv1.weight`, `layer1.0…`), for a detector's backbone
/// to start from. The classifier's last layer, `fc`, is left out.
public struct PretrainedBackbone: Sendable {
    private let weights: ForeignWeights

    /// Where a detector's names have the backbone's.
    private static let prefix = "backbone.body."

    /// Opens a file: it is of a format that can be read, and what its tensors are is known.
    public init(opening url: URL) throws {
        weights = try ForeignWeights(opening: url) { $0 }.dropping { $0.hasPrefix("fc.") }
    }

    /// Refuses a file whose names and shapes are not this backbone's, norms and their statistics included.
    public func check(_ backbone: BackboneArchitecture, _ catalog: BackboneCatalog) throws {
        let needed = try Self.parameters(backbone, catalog).map { (name: Self.ownName($0), shape: $0.shape) }
        let misfits = Misfits(of: weights.shapes, with: needed)
        if let failure = misfits.failure(
            "the weights do not fit the backbone", at: weights.place,
            remedy: "give the state_dict of the classifier that 'backbone' names, or name its backbone")
        {
            throw failure
        }
    }

    /// The tensors for this backbone. Norms of groups normalise otherwise than those of batches: for them the norms'
    /// tensors are left out, and only convolutions are given.
    public func tensors(for backbone: BackboneArchitecture, _ catalog: BackboneCatalog) throws -> NamedTensors {
        try check(backbone, catalog)
        let wanted = try Self.parameters(backbone, catalog).filter { spec in
            guard backbone.norm == .group, case .weight = spec.role else { return backbone.norm != .group }
            return true
        }
        let tensors = try weights.read(wanted.map(Self.ownName))
        for spec in wanted where spec.role == .runningVariance {
            guard tensors[Self.ownName(spec)]?.array.allSatisfy({ $0 >= 0 }) ?? true else {
                throw Failure(
                    "a variance is negative", at: "\(weights.place): '\(Self.ownName(spec))'",
                    remedy: "give undamaged weights")
            }
        }
        return Dictionary(
            uniqueKeysWithValues: wanted.compactMap { spec in tensors[Self.ownName(spec)].map { (spec.name, $0) } })
    }

    /// A parameter's name in a classifier.
    private static func ownName(_ spec: ParameterSpec) -> String {
        spec.name.hasPrefix(prefix) ? String(spec.name.dropFirst(prefix.count)) : spec.name
    }

    /// What a classifier's backbone has: classifiers' norms have statistics.
    private static func parameters(
        _ architecture: BackboneArchitecture, _ catalog: BackboneCatalog
    ) throws -> [ParameterSpec] {
        var architecture = architecture
        if architecture.norm == .group { architecture.norm = .batch }
        let backbone = try catalog.backbone(architecture.plugin)
        try backbone.validate(architecture)
        var builder = GraphBuilder()
        let image = builder.input("image", channels: 3)
        _ = backbone.build(architecture, into: &builder, image: image)
        return builder.graph.parameters
    }
}
