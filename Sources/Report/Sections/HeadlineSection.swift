import Pages

extension ReportContent {
    var headline: Markup {
        let warnings = notes.map { note -> Markup in "<li>\(note)</li>" }
        let list: Markup = warnings.isEmpty ? "" : "<ul class=\"notes\">\(warnings.joined())</ul>"
        return """
            <header>
            <p class="job">\(title)</p>
            <h1>\(verdict)</h1>
            \(cards)
            \(list)
            \(factList(about))
            </header>
            """
    }

    /// The result in a sentence.
    var verdict: String {
        guard let student else {
            guard let base else { return "No detector was evaluated" }
            return "The detector reaches \(Self.summary(base))"
        }
        guard let base else { return "The student reaches \(Self.summary(student))" }
        var parts: [String] = []
        if let before = base.latency?.median, let after = student.latency?.median, before > 0 {
            let change = after / before - 1
            let amount = Figures.percent(change).drop { "+−±".contains($0) }
            parts.append(abs(change) < 0.005 ? "as fast as the base" : "\(amount) \(change < 0 ? "faster" : "slower")")
        }
        if let before = base.averagePrecision, let after = student.averagePrecision {
            let change = (after - before) * 100
            let amount = Figures.fixed(abs(change), 1)
            parts.append(
                abs(change) < 0.05
                    ? "as accurate as the base" : "\(amount) AP points \(change > 0 ? "better" : "worse")")
        }
        return parts.isEmpty ? "Base and student" : "The student is \(parts.joined(separator: " and "))"
    }

    private static func summary(_ figures: ModelFigures) -> String {
        let accuracy = "AP \(Figures.precision(figures.averagePrecision))"
        return figures.latency.map { "\(accuracy) at \(Figures.milliseconds($0.median))" } ?? accuracy
    }

    private var cards: Markup {
        [
            card(
                "AP", { Figures.precision($0.averagePrecision) },
                Change(from: base?.averagePrecision, to: student?.averagePrecision, .points), unit: " points"),
            card(
                "Latency", { Figures.milliseconds($0.latency?.median) },
                Change(from: base?.latency?.median, to: student?.latency?.median, .relative)),
            card(
                "Parameters", { Figures.count($0.parameters) },
                Change(from: base?.parameters.map(Double.init), to: student?.parameters.map(Double.init), .relative)),
            card(
                "MACs", { Figures.count($0.macs) },
                Change(from: base?.macs.map(Double.init), to: student?.macs.map(Double.init), .relative)),
        ].joined().wrapped(in: "cards")
    }

    private func card(
        _ name: String, _ value: (ModelFigures) -> String, _ change: Change, unit: String = ""
    ) -> Markup {
        guard let main = student ?? base else { return .empty }
        var comparison: Markup = ""
        if student != nil, let base {
            comparison = """
                <p class="from">base \(value(base))</p><p class="change">\(change.markup)\
                <span class="from">\(change.text == Figures.none ? "" : unit)</span></p>
                """
        }
        return "<div class=\"card\"><h3>\(name)</h3><p class=\"value\">\(value(main))</p>\(comparison)</div>"
    }
}

extension Markup {
    func wrapped(in style: String) -> Markup { text.isEmpty ? .empty : "<div class=\"\(style)\">\(self)</div>" }
}
