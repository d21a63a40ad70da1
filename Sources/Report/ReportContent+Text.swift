extension ReportContent {
    /// A line for each detector, for terminals and logs: `student  AP 52.0 (+0.8)  latency 33.1 ms (−31 %)`.
    public var headlineLines: [String] {
        let models = [("base", base), ("student", student), ("teacher", teacher)].compactMap { name, figures in
            figures.map { (name, $0) }
        }
        return models.map { name, figures in
            var line = name + String(repeating: " ", count: 9 - name.count)
            line += "AP " + Figures.precisionPoints(figures.averagePrecision)
            let compared = name == "student" ? base : nil
            if let compared {
                line += " (" + Change(from: compared.averagePrecision, to: figures.averagePrecision, .points).text + ")"
            }
            if let latency = figures.latency {
                line += "  latency " + Figures.milliseconds(latency.median)
                if let compared {
                    line += " (" + Change(from: compared.latency?.median, to: latency.median, .relative).text + ")"
                }
            }
            return line.replacing("\u{A0}", with: " ")
        }
    }
}
