import Pages

extension ReportContent {
    private static let styles = ["student", "base", "teacher", "accepted", "predicted", "wrong"]

    var trainingCurves: Markup {
        let charts = training.filter { $0.curves.contains { !$0.x.isEmpty } }.map { chart -> Markup in
            LineChart(
                title: chart.title, x: Axis(chart.xLabel, covering: chart.curves.flatMap(\.x)),
                y: Axis(chart.yLabel, covering: chart.curves.flatMap(\.y)),
                series: chart.curves.enumerated().map { index, curve in
                    .init(
                        name: curve.name, points: Array(zip(curve.x, curve.y)),
                        style: Self.styles[index % Self.styles.count])
                }
            ).figure
        }
        return section("Training", nil, charts.joined().wrapped(in: "grid2"))
    }

    /// What the figures were obtained on and with.
    var surroundings: Markup {
        var body = factList(device)
        let models = contenders.filter { !$0.figures.architecture.isEmpty }.map {
            Fact($0.name, $0.figures.architecture)
        }
        body += factList(models)
        if let settings {
            body += "<details><summary>Settings of the job</summary><pre>\(settings)</pre></details>"
        }
        return section("Device and settings", nil, body)
    }
}
