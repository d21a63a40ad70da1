/// An acyclic graph drawn in levels (Sugiyama, Tagawa and Toda 1981): each node stands behind all that it needs, what is implied
/// by other edges is left out, and long edges get a place of their own in each level that they cross.
///
/// Places are in units: `level` from 0 on, `slot` across, where nodes of one level are at least 1 apart.
struct LayeredGraph {
    struct Place: Hashable {
        var level: Int
        var slot: Double
    }

    struct Route: Hashable {
        var from: Int
        var to: Int
        /// From the one node to the other, a place in each level.
        var places: [Place]
    }

    private(set) var places: [Place] = []
    private(set) var routes: [Route] = []
    private(set) var levelCount = 0
    /// From the first slot to the last.
    private(set) var breadth = 0.0

    /// More than this is no picture that anybody could read.
    static let mostNodes = 60
    private static let mostPoints = 400

    /// Nil when there is nothing to draw, too much, or a circle.
    ///
    /// - Parameter needs: for each node the nodes that it needs.
    init?(needs: [[Int]]) {
        guard !needs.isEmpty, needs.count <= LayeredGraph.mostNodes, let levels = LayeredGraph.levels(needs) else {
            return nil
        }
        let edges = LayeredGraph.reduced(needs, levels)
        guard var draft = LevelDraft(levels: levels, edges: edges, mostPoints: LayeredGraph.mostPoints) else {
            return nil
        }
        draft.order()
        draft.align()
        levelCount = (levels.max() ?? 0) + 1
        let points = draft.points
        places = needs.indices.map { Place(level: levels[$0], slot: draft.slots[$0]) }
        routes = edges.indices.map { index in
            Route(
                from: edges[index].from, to: edges[index].to,
                places: draft.paths[index].map { Place(level: points[$0].level, slot: draft.slots[$0]) })
        }
        let low = draft.slots.min() ?? 0
        for index in places.indices { places[index].slot -= low }
        for route in routes.indices {
            for index in routes[route].places.indices { routes[route].places[index].slot -= low }
        }
        breadth = (draft.slots.max() ?? 0) - low
    }

    /// The longest way from a node that needs nothing; nil if there is a circle.
    private static func levels(_ needs: [[Int]]) -> [Int]? {
        var levels = [Int?](repeating: nil, count: needs.count)
        var open = Array(needs.indices)
        while !open.isEmpty {
            let ready = open.filter { node in needs[node].allSatisfy { levels[$0] != nil } }
            if ready.isEmpty { return nil }
            for node in ready { levels[node] = (needs[node].compactMap { levels[$0] }.max() ?? -1) + 1 }
            open.removeAll { levels[$0] != nil }
        }
        return levels.compactMap(\.self)
    }

    /// The edges without those that a longer way implies (transitive reduction: Aho, Garey and Ullman 1972).
    private static func reduced(_ needs: [[Int]], _ levels: [Int]) -> [(from: Int, to: Int)] {
        var above = [Set<Int>](repeating: [], count: needs.count)
        for node in needs.indices.sorted(by: { levels[$0] < levels[$1] }) {
            for need in needs[node] { above[node].formUnion(above[need].union([need])) }
        }
        return needs.indices.flatMap { node in
            Set(needs[node]).sorted().filter { need in !needs[node].contains { above[$0].contains(need) } }
                .map { ($0, node) }
        }
    }
}
