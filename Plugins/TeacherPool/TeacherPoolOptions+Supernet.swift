import DetectorKit
import Search

extension TeacherPoolOptions {
    /// The supernet of the grown base: all that the options call elastic, below it.
    func supernet(above grown: DetectorGraph, _ backbones: BackboneCatalog) throws -> Supernet {
        let input = grown.architecture.input
        let wanted = SearchSpace.below(
            grown.architecture, removableBlocks: removableBlocks, innerWidths: innerWidths, perBlock: isPerBlock,
            trunkWidths: trunkWidths,
            smallerInputs: inputs.map { input.with(shorter: $0) })
        try wanted.validate(for: grown.architecture, at: "space")
        return try Supernet(grown, Supernet.distinct(wanted, above: grown, backbones), backbones)
    }
}
