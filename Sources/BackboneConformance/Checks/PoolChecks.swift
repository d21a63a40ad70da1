import DetectorKit
import Search
import Tensor

extension Subject {
    /// A supernet of the backbone: sorted by importance it answers as before, each value of each dimension is another network,
    /// and the smallest network runs on its slices.
    func checkPool(_ found: inout Findings) throws {
        let graph = try narrow()
        let weights = try weights(graph)
        let wanted = SearchSpace.below(
            graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1], perBlock: true)
        let space = try Supernet.distinct(wanted, above: graph, catalog)
        let supernet = try Supernet(graph, space, catalog)

        let sorted = supernet.sorted(weights, by: Importance(.l1, graph, weights: weights))
        let change = try difference(pyramid(graph, weights), pyramid(graph, sorted)) ?? .infinity
        found.require(change < 1e-4, "sorting a supernet's channels changes its answers by \(change) of the largest")

        for dimension in space.elastic {
            let smaller = try supernet.subnet(space.choice { $0 == dimension ? 0 : space.count($0) - 1 })
            found.require(
                smaller.graph.architecture != graph.architecture, "the smallest value of \(dimension) changes nothing")
        }
        let smallest = try supernet.subnet(space.smallest)
        let slice = try supernet.slice(sorted, smallest)
        for spec in smallest.graph.network.parameters {
            found.require(
                slice[spec.name]?.shape == spec.shape, "the smallest network's slice of \(spec.name) has another shape")
        }
        let answers = try pyramid(smallest.graph, slice)
        found.require(
            answers.allSatisfy { $0.allSatisfy(\.isFinite) } && answers.contains { $0.contains { $0 != 0 } },
            "the smallest network of a supernet answers with what is no number, or with nothing")
    }
}
