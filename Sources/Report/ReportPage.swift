import Pages

/// A whole HTML file: nothing outside it is loaded, and it runs no script.
func htmlPage(_ title: String, _ body: Markup) -> String {
    HTMLPage(title: "\(title) – jdnas report", style: StyleSheet.markup, body: "<main>\n\(body)\n</main>").text
}

extension ReportContent {
    /// The report as one HTML file: nothing outside it is loaded, and it runs no script.
    public var html: String {
        let sections: [Markup] = [
            headline, searchOverview, lineage, pictureGallery, accuracy, classTable, recallCurves, errorKinds,
            latency, searchHistory, trainingCurves, surroundings,
        ]
        return htmlPage(title, sections.filter { !$0.text.isEmpty }.joined())
    }

    /// A titled part of the page; an empty body has none.
    func section(_ name: String, _ lead: String? = nil, _ body: Markup) -> Markup {
        guard !body.text.isEmpty else { return .empty }
        let lead: Markup = lead.map { "<p class=\"lead\">\($0)</p>" } ?? ""
        return """
            <section>
            <h2>\(name)</h2>
            \(lead)
            \(body)
            </section>
            """
    }

    func factList(_ facts: [Fact]) -> Markup {
        guard !facts.isEmpty else { return .empty }
        let items = facts.map { fact -> Markup in "<div><dt>\(fact.label)</dt><dd>\(fact.value)</dd></div>" }
        return "<dl class=\"facts\">\(items.joined())</dl>"
    }

    /// The detectors there are, in the order in which they are shown.
    var contenders: [(name: String, style: String, figures: ModelFigures)] {
        [("base", "base", base), ("student", "student", student)].compactMap { name, style, figures in
            figures.map { (name, style, $0) }
        }
    }
}
