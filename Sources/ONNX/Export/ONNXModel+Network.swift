package import DetectorKit
package import Tensor

extension ONNXModel {
    /// A network of images alone, from normalised pixels `image` [N, 3, height, width] to its outputs, under their names:
    /// what a detector's model has between preparing the image and choosing boxes. The features of regions are two windows
    /// of the finest level, so that a detector's heads can be run without proposals.
    package init(
        network: NetworkGraph, weights: NamedTensors, outputs: [String], producerVersion: String
    ) throws {
        let builder = ModelBuilder(producerVersion: producerVersion)
        let image = builder.input(
            "image", .float, [.named("images"), .fixed(3), .named("height"), .named("width")])
        var translation = try NetworkTranslation(network, weights: weights, into: builder)
        translation.run { name, levels, _ in
            guard name == "regions" else { return image }
            let windows = [0, 1].map { start in
                let range = start..<start + DetectorGraph.regionSize
                return levels[0].slice(range, axis: 2).slice(range, axis: 3)
            }
            return builder.concatenate(windows, axis: 0)
        }
        for name in outputs {
            // Of any shape: what it is follows from the graph.
            builder.output(name, translation[name], .float, [])
        }
        self = builder.model
    }
}
