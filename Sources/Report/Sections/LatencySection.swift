import Pages

extension ReportContent {
    /// Measured latency, and how well it was predicted.
    var latency: Markup {
        let measured = [("base", base), ("student", student), ("teacher", teacher)]
            .compactMap { name, figures in figures?.latency.map { (name, $0) } }
        let rows = measured.map { name, latency -> Markup in
            """
            <tr><th>\(name)</th><td class="n">\(Figures.milliseconds(latency.median))</td>\
            <td class="n">\(Figures.milliseconds(latency.p95))</td>\
            <td class="n">\(Figures.fixed(1000 / latency.median, 1))</td><td class="n">\(latency.count)</td></tr>
            """
        }
        let table: Markup =
            rows.isEmpty
            ? ""
            : """
            <div class="wide"><table>
            <thead><tr><th></th><th class="n">median</th><th class="n">95th percentile</th>\
            <th class="n">images a second</th><th class="n">timed</th></tr></thead>
            <tbody>
            \(rows.joined())
            </tbody></table></div>
            """
        return section("Latency", latencyMethod, table + predictionFigure)
    }

    private var predictionFigure: Markup {
        guard !predictions.isEmpty else { return .empty }
        let rows = predictions.map { prediction in
            BarChart.Row(
                label: prediction.name,
                bars: [
                    .init(
                        segments: [.init(value: prediction.predicted, style: "predicted", title: "predicted")],
                        text: Figures.milliseconds(prediction.predicted)
                            + " (\(Figures.percent(prediction.error)))"),
                    .init(
                        segments: [.init(value: prediction.measured, style: "measured", title: "measured")],
                        text: Figures.milliseconds(prediction.measured)),
                ])
        }
        let legend = Legend([
            .init(name: "predicted", style: "predicted", shape: .fill),
            .init(name: "measured, median", style: "measured", shape: .fill),
        ])
        return """
            <figure><figcaption>Predicted by the search's cost model, and measured</figcaption>
            \(BarChart(title: "Predicted and measured latency", rows: rows).picture)
            \(legend.markup)</figure>
            """
    }
}
