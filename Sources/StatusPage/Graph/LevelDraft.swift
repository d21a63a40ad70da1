/// The nodes of a layered graph, and the points where long edges cross levels, on their way to an order and to slots.
struct LevelDraft {
    struct Point {
        var level: Int
        /// Whether an edge only passes here.
        var isPassing: Bool
        /// Neighbours in the level before, and in the one behind.
        var before: [Int] = []
        var behind: [Int] = []
    }

    private(set) var points: [Point]
    /// For each edge its points, in the order of the levels.
    private(set) var paths: [[Int]] = []
    private(set) var slots: [Double] = []
    private var rows: [[Int]]

    /// Nil when there would be more points than that.
    init?(levels: [Int], edges: [(from: Int, to: Int)], mostPoints: Int) {
        points = levels.map { Point(level: $0, isPassing: false) }
        for edge in edges {
            var path = [edge.from]
            for level in (levels[edge.from] + 1)..<max(levels[edge.to], levels[edge.from] + 1) {
                path.append(points.count)
                points.append(Point(level: level, isPassing: true))
            }
            path.append(edge.to)
            for (first, second) in zip(path, path.dropFirst()) {
                points[first].behind.append(second)
                points[second].before.append(first)
            }
            paths.append(path)
            if points.count > mostPoints { return nil }
        }
        rows = [[Int]](repeating: [], count: (levels.max() ?? -1) + 1)
        for index in points.indices { rows[points[index].level].append(index) }
    }

    /// Puts the points of each level behind those that they belong to: sweeps to and fro by barycentres.
    mutating func order() {
        var rank = [Double](repeating: 0, count: points.count)
        for row in rows { for (position, point) in row.enumerated() { rank[point] = Double(position) } }
        func centre(_ neighbours: [Int], _ own: Int) -> Double {
            neighbours.isEmpty ? rank[own] : neighbours.map { rank[$0] }.reduce(0, +) / Double(neighbours.count)
        }
        for sweep in 0..<6 {
            let isForward = sweep % 2 == 0
            for level in isForward ? Array(rows.indices) : rows.indices.reversed() {
                let keys = rows[level].map { centre(isForward ? points[$0].before : points[$0].behind, $0) }
                let sorted = rows[level].indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
                rows[level] = sorted.map { rows[level][$0] }
                for (position, point) in rows[level].enumerated() { rank[point] = Double(position) }
            }
        }
    }

    /// Gives each point a slot near its neighbours', in the order found, and not too near to the next one.
    mutating func align() {
        slots = [Double](repeating: 0, count: points.count)
        for row in rows { place(row, near: row.map { _ in 0 }) }
        for sweep in 0..<8 {
            let isForward = sweep % 2 == 0
            for row in isForward ? rows : rows.reversed() {
                let wanted = row.map { point -> Double in
                    let neighbours = isForward ? points[point].before : points[point].behind
                    if neighbours.isEmpty { return slots[point] }
                    return neighbours.map { slots[$0] }.reduce(0, +) / Double(neighbours.count)
                }
                place(row, near: wanted)
            }
        }
    }

    /// Keeps the order and the distances, and is as near to what is wanted as a shift of the whole row can be.
    private mutating func place(_ row: [Int], near wanted: [Double]) {
        var position = -Double.infinity
        for (index, point) in row.enumerated() {
            if index > 0 { position += distance(row[index - 1], point) }
            position = max(position, wanted[index])
            slots[point] = position
        }
        let errors = zip(row, wanted).map { $1 - slots[$0] }
        let shift = errors.reduce(0, +) / Double(max(1, errors.count))
        for point in row { slots[point] += shift }
    }

    private func distance(_ a: Int, _ b: Int) -> Double {
        switch (points[a].isPassing, points[b].isPassing) {
        case (true, true): 0.3
        case (false, false): 1
        default: 0.65
        }
    }
}
