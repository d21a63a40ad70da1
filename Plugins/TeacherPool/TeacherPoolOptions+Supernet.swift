import DetectorKit
import Search

extension TeacherPoolOptions {
    /// The supernet of the grown base: all that the options call elastic, below it.
    func supernet(
        of base: DetectorGraph, above grown: DetectorGraph, _ backbones: BackboneCatalog
    ) throws -> Supernet {
        // Of the base's shape, so that its own size is among them as it is.
        let input = base.architecture.input
        let wanted = SearchSpace.below(
            grown.architecture, removableBlocks: removableBlocks, innerWidths: innerWidths, perBlock: isPerBlock,
            trunkWidths: trunkWidths,
            smallerInputs: inputs.map { input.with(shorter: $0) })
        try wanted.validate(for: grown.architecture, at: "space")
        return try Supernet(grown, Supernet.distinct(wanted, above: grown, backbones), backbones)
    }
}
