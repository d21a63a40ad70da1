import Pages

extension ReportContent {
    private static let statistics: [(name: String, meaning: String)] = [
        ("AP", "IoU .50 to .95"), ("AP .50", "IoU .50"), ("AP .75", "IoU .75"),
        ("AP small", "below 32² pixels"), ("AP medium", "32² to 96²"), ("AP large", "above 96²"),
        ("AR 1", "1 detection an image"), ("AR 10", "10 detections"), ("AR 100", "100 detections"),
        ("AR small", "100 detections"), ("AR medium", "100 detections"), ("AR large", "100 detections"),
    ]

    /// COCO's 12 numbers.
    var accuracy: Markup {
        let models = [("base", base), ("student", student), ("teacher", teacher)]
            .compactMap { name, figures in figures.flatMap { $0.stats.count == 12 ? (name, $0.stats) : nil } }
        guard !models.isEmpty else { return .empty }
        let compare = base?.stats.count == 12 && student?.stats.count == 12
        let names = models.map { name, _ -> Markup in "<th class=\"n\">\(name)</th>" }
        let rows = Self.statistics.enumerated().map { index, statistic -> Markup in
            let values = models.map { _, stats -> Markup in
                "<td class=\"n\">\(Figures.precision(stats[index]))</td>"
            }
            let change = Change(from: base?.stats[safe: index], to: student?.stats[safe: index], .points)
            let last: Markup = compare ? "<td class=\"n\">\(change.markup)</td>" : ""
            return """
                <tr><th>\(statistic.name)<span class="hint"> \(statistic.meaning)</span></th>\(values.joined(""))\
                \(last)</tr>
                """
        }
        return section(
            "COCO metrics", nil,
            """
            <div class="wide"><table>
            <thead><tr><th></th>\(names.joined(""))\(compare ? "<th class=\"n\">change</th>" as Markup : "")</tr></thead>
            <tbody>
            \(rows.joined())
            </tbody></table></div>
            """)
    }

    /// AP of each class, as numbers and as a line from base to student.
    var classTable: Markup {
        guard let first = contenders.first, !first.figures.classes.isEmpty else { return .empty }
        let names = contenders.map { name, _, _ -> Markup in "<th class=\"n\">\(name)</th>" }
        let compare = contenders.count > 1
        let rows = first.figures.classes.map { kind -> Markup in
            let found = contenders.map { model in
                (style: model.style, value: model.figures.classes.first { $0.name == kind.name }?.averagePrecision)
            }
            let values = found.map { _, value -> Markup in "<td class=\"n\">\(Figures.precision(value))</td>" }
            let change: Markup =
                compare
                ? "<td class=\"n\">\(Change(from: found[0].value, to: found[1].value, .points).markup)</td>" : ""
            return """
                <tr><th>\(kind.name)</th><td class="n">\(kind.objects)</td>\(values.joined(""))\(change)\
                <td class="track">\(Self.track(found))</td></tr>
                """
        }
        return section(
            "Classes", "AP over IoU .50 to .95; the line runs from 0 to 1.",
            """
            <div class="wide"><table>
            <thead><tr><th>class</th><th class="n">objects</th>\(names.joined(""))\
            \(compare ? "<th class=\"n\">change</th>" as Markup : "")<th></th></tr></thead>
            <tbody>
            \(rows.joined())
            </tbody></table></div>
            """)
    }

    private static func track(_ values: [(style: String, value: Double?)]) -> Markup {
        let shown = values.compactMap { style, value in value.flatMap { $0 >= 0 ? (style, 6 + $0 * 188) : nil } }
        var marks: Markup = "<line class=\"grid\" x1=\"6\" x2=\"194\" y1=\"8\" y2=\"8\"/>"
        if shown.count == 2 {
            marks += """
                <line class="line \(shown[1].0)" x1="\(shown[0].1)" x2="\(shown[1].1)" y1="8" y2="8"/>
                """
        }
        for (style, x) in shown { marks += "<circle class=\"dot \(style)\" cx=\"\(x)\" cy=\"8\" r=\"5\"/>" }
        return "<svg viewBox=\"0 0 200 16\" aria-hidden=\"true\">\(marks)</svg>"
    }

    /// One small chart a class.
    var recallCurves: Markup {
        guard let first = contenders.first else { return .empty }
        let charts = first.figures.classes.filter { $0.objects > 0 && !$0.curves.isEmpty }.map { kind -> Markup in
            let plot = Plot(
                "Precision and recall: \(kind.name)", x: .unit("recall"), y: .unit("precision"), width: 360,
                height: 280)
            var lines: Markup = ""
            for model in contenders {
                for curve in model.figures.classes.first(where: { $0.name == kind.name })?.curves ?? [] {
                    let last = Double(max(curve.precision.count - 1, 1))
                    let dashes = curve.iou > 0.6 ? " dashed" : ""
                    lines += plot.line(
                        curve.precision.enumerated().map { (Double($0) / last, max($1, 0)) },
                        style: model.style + dashes, title: "\(model.name), IoU \(Figures.fixed(curve.iou, 2))")
                }
            }
            return "<figure><figcaption>\(kind.name)</figcaption>\(plot.picture(lines))</figure>"
        }
        guard !charts.isEmpty else { return .empty }
        let legend = Legend(
            contenders.flatMap { model in
                [
                    Legend.Entry(name: "\(model.name), IoU .50", style: model.style, shape: .line),
                    Legend.Entry(name: "\(model.name), IoU .75", style: model.style + " dashed", shape: .line),
                ]
            })
        let shown = charts.prefix(12).joined().wrapped(in: "grid3")
        let rest: Markup =
            charts.count > 12
            ? """
            <details><summary>\(charts.count - 12) more classes</summary>\
            \(charts.dropFirst(12).joined().wrapped(in: "grid3"))</details>
            """ : ""
        return section("Precision and recall", nil, legend.markup + shown + rest)
    }

    /// How often each kind of error is made.
    var errorKinds: Markup {
        guard let first = contenders.first(where: { !$0.figures.errors.isEmpty }) else { return .empty }
        let rows = first.figures.errors.map { kind in
            BarChart.Row(
                label: kind.name,
                bars: contenders.compactMap { model in
                    model.figures.errors.first { $0.name == kind.name }.map {
                        let cost = $0.cost.map { ", costs \(Figures.fixed($0 * 100, 1))" } ?? ""
                        return .init(
                            segments: [
                                .init(
                                    value: Double($0.count), style: model.style, title: "\(model.name): \($0.count)")
                            ], text: "\($0.count)\(cost)")
                    }
                })
        }
        let costs =
            first.figures.errors.contains { $0.cost != nil }
            ? " Behind each bar: how many, and the AP .50 points that mending this kind alone would gain." : ""
        let meanings = first.figures.errors.map { Fact($0.name, $0.explanation) }
        let found = contenders.compactMap { model in
            model.figures.found.map {
                "the \(model.name) finds \($0) of \(model.figures.classes.reduce(0) { $0 + $1.objects }) objects"
            }
        }
        return section(
            "Errors by kind",
            "At a score of at least \(Figures.fixed(pictureThreshold, 2)) "
                + (found.isEmpty ? "the errors are:" : found.joined(separator: ", ") + ".") + costs,
            """
            <figure>\(BarChart(title: "Errors by kind", rows: rows).picture)
            \(Legend(contenders.map { .init(name: $0.name, style: $0.style, shape: .fill) }).markup)</figure>
            \(factList(meanings))
            """)
    }
}

extension Array {
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
