import Pages

extension ReportContent {
    /// Latency against AP of everything the search tried; without a search, of what was evaluated.
    var searchOverview: Markup {
        guard let search, !search.candidates.isEmpty else { return .empty }
        return section(
            "Accuracy against latency",
            "Each mark is a detector that the search trained: AP on the split ‘\(search.split)’, latency as the cost "
                + "model predicts it. Up and to the left is better. The evaluation above uses other images and a "
                + "stopwatch, so its figures differ.",
            scatter(search))
    }

    private func scatter(_ search: SearchFigures) -> Markup {
        let shown = search.candidates.compactMap { candidate in candidate.point.map { (candidate, $0) } }
        let marks = [search.base, search.finished].compactMap { $0 } + shown.map(\.1)
        guard !marks.isEmpty else { return .empty }
        let latencies = marks.map(\.latency) + (search.latencyTarget.map { [$0] } ?? [])
        let plot = Plot(
            "Latency against AP of the search's candidates",
            x: Axis("predicted latency, ms", covering: latencies, ticks: 6),
            y: Axis("AP on ‘\(search.split)’", covering: marks.map(\.averagePrecision)))
        var points = shown.filter { $0.0.id != search.student || search.finished != nil }.map { candidate, point in
            ScatterChart.Point(
                x: point.latency, y: point.averagePrecision,
                shape: candidate.onFront ? .dot : .ring,
                style: candidate.onFront ? "front" : "other", title: Self.describe(candidate))
        }
        func mark(_ point: SearchPoint?, _ name: String) {
            guard let point else { return }
            points.append(
                .init(
                    x: point.latency, y: point.averagePrecision, shape: .diamond, style: name,
                    title: "\(name): AP \(Figures.precision(point.averagePrecision)), "
                        + Figures.milliseconds(point.latency), name: name))
        }
        mark(search.base, "base")
        mark(search.finished ?? shown.first { $0.0.id == search.student }?.1, "student")
        let front = Self.front(shown.filter(\.0.onFront).map(\.1))
        var under = plot.line(front, style: "front", title: "Pareto front")
        var entries: [Legend.Entry] = [
            .init(name: "Pareto front", style: "front", shape: .line),
            .init(name: "other candidate", style: "other", shape: .ring),
        ]
        if let target = search.latencyTarget, target.isFinite {
            under += plot.line(
                [(target, plot.y.low), (target, plot.y.high)], style: "target", title: "latency target")
            entries.append(
                .init(name: "latency target \(Figures.milliseconds(target))", style: "target", shape: .line))
        }
        return """
            <figure>
            \(ScatterChart(plot: plot, points: points).picture(under: under))
            \(Legend(entries).markup)
            </figure>
            """
    }

    /// The corners of the region that the front dominates, from left to right.
    private static func front(_ points: [SearchPoint]) -> [(x: Double, y: Double)] {
        var corners: [(x: Double, y: Double)] = []
        for point in points.sorted(by: { ($0.latency, $0.averagePrecision) < ($1.latency, $1.averagePrecision) }) {
            if let last = corners.last { corners.append((point.latency, last.y)) }
            corners.append((point.latency, point.averagePrecision))
        }
        return corners
    }

    static func describe(_ candidate: CandidateFigures) -> String {
        "\(candidate.id): \(candidate.action) \(candidate.detail); AP "
            + "\(Figures.precision(candidate.averagePrecision)), \(Figures.milliseconds(candidate.latency))"
    }
}
