import Pages

extension ReportContent {
    /// The actions that led from the base to the student.
    var lineage: Markup {
        guard let search, student != nil || search.student != nil else { return .empty }
        let line = search.lineage
        guard !line.isEmpty || search.finished != nil else {
            guard !search.candidates.isEmpty else { return .empty }
            return section(
                "From base to student",
                "No candidate took the base's place: the student is the base.", "<ol class=\"lineage\"></ol>")
        }
        var rows: [Markup] = []
        var before = search.base
        if let base = search.base {
            rows.append(Self.step("base", "", "", base, before: nil))
        }
        for candidate in line {
            rows.append(
                Self.step(
                    candidate.action, candidate.detail, "generation \(candidate.generation)", candidate.point,
                    before: before))
            before = candidate.point ?? before
        }
        if let finished = search.finished {
            rows.append(Self.step("last training", "", "after the search", finished, before: before))
        }
        return section(
            "From base to student",
            "Each step starts from the weights of the one before. AP on ‘\(search.split)’, latency predicted.",
            "<ol class=\"lineage\">\(rows.joined())</ol>\(finalists(search))")
    }

    /// Who else was trained on, and how far.
    private func finalists(_ search: SearchFigures) -> Markup {
        guard !search.finalists.isEmpty else { return .empty }
        let rows = search.finalists.map { finalist -> Markup in
            """
            <tr><td>\(finalist.id == "0" ? "base" : finalist.id)\(finalist.isStudent ? ", the student" : "")</td><td class="n">\(Figures.precision(finalist.before))</td>\
            <td class="n">\(Figures.precision(finalist.after))</td>\
            <td class="n">\(Figures.fixed(100 * finalist.share, 1)) %</td></tr>
            """
        }
        let isTaken = search.finalists.contains { $0.isStudent }
        let note: Markup = isTaken ? "" : "<p>None of them became better than the student had been before.</p>"
        return """
            <details><summary>The last trainings of \(String(rows.count)) finalists</summary>
            \(note)<div class="wide"><table>
            <thead><tr><th>candidate</th><th class="n">AP before</th><th class="n">AP when it ended</th>\
            <th class="n">share of the training</th></tr></thead>
            <tbody>
            \(rows.joined())
            </tbody></table></div></details>
            """
    }

    private static func step(
        _ action: String, _ detail: String, _ when: String, _ point: SearchPoint?, before: SearchPoint?
    ) -> Markup {
        let accuracy = Change(from: before?.averagePrecision, to: point?.averagePrecision, .points)
        let latency = Change(from: before?.latency, to: point?.latency, .relative)
        let changes: Markup = before == nil ? "" : " (\(accuracy.markup))"
        let faster: Markup = before == nil ? "" : " (\(latency.markup))"
        return """
            <li><p><strong>\(action)</strong> \(detail) <span class="when">\(when)</span></p>
            <p class="step">AP \(Figures.precision(point?.averagePrecision))\(changes), \
            \(Figures.milliseconds(point?.latency))\(faster)</p></li>
            """
    }
}
