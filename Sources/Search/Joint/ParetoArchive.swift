/// The candidates that no other beats in both accuracy and latency.
public struct ParetoArchive: Sendable, Hashable, Codable {
    /// Where a candidate stands.
    public struct Point: Sendable, Hashable, Codable {
        public var candidate: Int
        /// Average precision on the search split: more is better.
        public var precision: Double
        /// Milliseconds: less is better.
        public var latency: Double

        public init(candidate: Int, precision: Double, latency: Double) {
            self.candidate = candidate
            self.precision = precision
            self.latency = latency
        }

        /// At least as good in both, and better in one.
        public func dominates(_ other: Point) -> Bool {
            precision >= other.precision && latency <= other.latency
                && (precision > other.precision || latency < other.latency)
        }

        /// Where it stands if being faster than asked for counts as nothing.
        func slowed(to asked: Double) -> Point {
            Point(candidate: candidate, precision: precision, latency: max(asked, latency))
        }
    }

    /// By falling latency; precision falls with it.
    public private(set) var front: [Point] = []

    public init() {}

    /// Takes a point in unless one in the front is as good; says whether it was taken.
    @discardableResult
    public mutating func insert(_ point: Point) -> Bool {
        let isCovered = front.contains {
            $0.dominates(point) || ($0.precision == point.precision && $0.latency == point.latency)
        }
        if isCovered { return false }
        front.removeAll { point.dominates($0) }
        front.append(point)
        front.sort { $0.latency > $1.latency }
        return true
    }

    /// How alone each point of the front stands: the sum over both objectives of its neighbours' distance, as shares
    /// of the front's extent; infinite at the ends (NSGA-II, Deb et al. 2002).
    public var crowdingDistances: [Double] {
        let (first, last) = (front.first, front.last)
        guard let first, let last, front.count > 2 else { return front.map { _ in .infinity } }
        let precision = max(abs(first.precision - last.precision), .leastNormalMagnitude)
        let latency = max(abs(first.latency - last.latency), .leastNormalMagnitude)
        return front.indices.map { index in
            guard index > 0, index < front.count - 1 else { return .infinity }
            let (before, after) = (front[index - 1], front[index + 1])
            return abs(after.precision - before.precision) / precision
                + abs(after.latency - before.latency) / latency
        }
    }

    /// The area that the front covers below a latency, in AP · ms: how much a front is worth.
    public func hypervolume(latencyLimit: Double) -> Double {
        var volume = 0.0
        var limit = latencyLimit
        for point in front where point.latency < limit {
            volume += (limit - point.latency) * point.precision
            limit = point.latency
        }
        // Each strip counts with the best precision at its latency: the front falls, so strips don't overlap.
        return volume
    }

    /// How much more the front is worth with a point. Being faster than asked for counts as nothing: as a millisecond counts with
    /// all of the precision behind it, who overshoots the most would be worth the most, however much precision that costs.
    ///
    /// - Parameter asked: the latency that every point counts with at least.
    public func gain(of point: Point, asked: Double, latencyLimit: Double) -> Double {
        var archive = ParetoArchive()
        for point in front { archive.insert(point.slowed(to: asked)) }
        let before = archive.hypervolume(latencyLimit: latencyLimit)
        archive.insert(point.slowed(to: asked))
        return archive.hypervolume(latencyLimit: latencyLimit) - before
    }

    /// The most precise point within a latency.
    public func best(within latency: Double) -> Point? {
        front.filter { $0.latency <= latency }.max { $0.precision < $1.precision }
    }
}
