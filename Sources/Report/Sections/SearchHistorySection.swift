import Basics
import Pages

extension ReportContent {
    /// What the search tried, in order and by kind of action.
    var searchHistory: Markup {
        guard let search, !search.candidates.isEmpty || !search.notes.isEmpty else { return .empty }
        let counts = CandidateFigures.Outcome.allCases.map { outcome in
            search.candidates.count { $0.outcome == outcome }
        }
        var lead = "\(search.candidates.count) candidates\(search.mode.map { " (mode ‘\($0)’)" } ?? ""): "
        lead += "\(counts[0]) accepted, \(counts[1]) trained but not better than what was there. Before training "
        lead +=
            "\(search.refused) children could not be made (nothing legal brought them within the latency limit, or the change itself "
        lead += "was not legal), and \(search.duplicates) were not trained, since equal ones were known."
        if let cost = search.baseTrainings {
            lead += " Search and teachers computed as much as \(tenths(cost)) trainings of the base."
        }
        let parts = [byAction(search), learnt(search), inOrder(search), allCandidates(search)]
        return section(
            "What the search tried", lead,
            ([notes(search)] + (search.candidates.isEmpty ? [] : parts)).joined())
    }

    private func notes(_ search: SearchFigures) -> Markup {
        guard !search.notes.isEmpty else { return .empty }
        return "<ul>\(search.notes.map { note -> Markup in "<li>\(note)</li>" }.joined())</ul>"
    }

    private func byAction(_ search: SearchFigures) -> Markup {
        let groups = Dictionary(grouping: search.candidates, by: \.action)
        let rows = groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { action, tried in
            let segments = CandidateFigures.Outcome.allCases.map { outcome in
                let count = tried.count { $0.outcome == outcome }
                return BarChart.Segment(
                    value: Double(count), style: outcome.rawValue, title: "\(action): \(count) \(outcome.rawValue)")
            }
            let text = "\(Int(segments[0].value)) of \(tried.count)"
            return BarChart.Row(label: action, bars: [.init(segments: segments, text: text)])
        }
        let legend = Legend(
            CandidateFigures.Outcome.allCases.map { .init(name: $0.rawValue, style: $0.rawValue, shape: .fill) })
        return """
            <figure><figcaption>Candidates by action; behind each bar: how many were accepted</figcaption>
            \(BarChart(title: "Candidates by action and outcome", rows: rows).picture)
            \(legend.markup)
            </figure>
            """
    }

    /// What the bandits learnt.
    private func learnt(_ search: SearchFigures) -> Markup {
        guard !search.moves.isEmpty else { return .empty }
        let rows = search.moves.map { move -> Markup in
            """
            <tr><td>\(move.name)</td><td class="n">\(String(move.pulls))</td>\
            <td class="n">\(Figures.precision(move.reward))</td></tr>
            """
        }
        return """
            <details><summary>What the search learnt about its moves</summary>
            <div class="wide"><table>
            <thead><tr><th>move</th><th class="n">chosen</th><th class="n">mean reward</th></tr></thead>
            <tbody>
            \(rows.joined())
            </tbody></table></div></details>
            """
    }

    private func inOrder(_ search: SearchFigures) -> Markup {
        let shown = search.candidates.enumerated().compactMap { index, candidate in
            candidate.averagePrecision.map { (Double(index + 1), $0, candidate) }
        }
        guard shown.count > 1 else { return .empty }
        let base = search.base?.averagePrecision
        let plot = Plot(
            "AP of the candidates in the order of the search",
            x: Axis("candidate", covering: [1, Double(search.candidates.count)], ticks: 6),
            y: Axis("AP on ‘\(search.split)’", covering: shown.map(\.1) + (base.map { [$0] } ?? [])),
            height: 300)
        let points = shown.map { x, y, candidate in
            ScatterChart.Point(
                x: x, y: y, shape: candidate.outcome == .accepted ? .dot : .ring, style: candidate.outcome.rawValue,
                title: Self.describe(candidate))
        }
        var under: Markup = ""
        if let base {
            under = plot.line([(plot.x.low, base), (plot.x.high, base)], style: "base", title: "base")
        }
        let legend = Legend([
            .init(name: "accepted", style: "accepted", shape: .fill),
            .init(name: "rejected", style: "rejected", shape: .ring),
            .init(name: "base", style: "base", shape: .line),
        ])
        return """
            <figure><figcaption>AP of the candidates, in the order of the search</figcaption>
            \(ScatterChart(plot: plot, points: points).picture(under: under))
            \(legend.markup)
            </figure>
            """
    }

    private func allCandidates(_ search: SearchFigures) -> Markup {
        let rows = search.candidates.map { candidate -> Markup in
            """
            <tr><td>\(candidate.id)</td><td>\(candidate.parent ?? "base")</td><td>\(candidate.action)</td>\
            <td>\(candidate.detail)</td><td class="n">\(Figures.precision(candidate.averagePrecision))</td>\
            <td class="n">\(Figures.milliseconds(candidate.latency))</td>\
            <td>\(candidate.outcome.rawValue)\(candidate.onFront ? ", on front" : "")</td></tr>
            """
        }
        return """
            <details><summary>All \(search.candidates.count) candidates</summary>
            <div class="wide"><table>
            <thead><tr><th>candidate</th><th>parent</th><th>action</th><th>change</th><th class="n">AP</th>\
            <th class="n">latency</th><th>outcome</th></tr></thead>
            <tbody>
            \(rows.joined())
            </tbody></table></div></details>
            """
    }
}
