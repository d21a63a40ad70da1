import Pages

/// A page that compares groups of numbers: tables, and every number as a point, a row a group.
public struct ComparisonPage: Sendable {
    public struct Table: Sendable {
        public let title: String
        public let header: [String]
        public let rows: [[String]]

        public init(title: String, header: [String], rows: [[String]]) {
            self.title = title
            self.header = header
            self.rows = rows
        }
    }

    public struct Group: Sendable {
        public let name: String
        public let values: [Double]

        public init(name: String, values: [Double]) {
            self.name = name
            self.values = values
        }
    }

    private let title: String
    private let lead: String
    private let tables: [Table]
    private let groups: [Group]
    private let axis: String

    public init(title: String, lead: String, tables: [Table], groups: [Group], axis: String) {
        self.title = title
        self.lead = lead
        self.tables = tables
        self.groups = groups
        self.axis = axis
    }

    /// One HTML file: nothing outside it is loaded, and it runs no script.
    public var html: String {
        let sections = tables.map { table -> Markup in
            let head = table.header.map { cell -> Markup in "<th>\(cell)</th>" }
            let rows = table.rows.map { row -> Markup in
                let cells = row.map { cell -> Markup in "<td>\(cell)</td>" }
                return "<tr>\(cells.joined())</tr>"
            }
            return """
                <section>
                <h2>\(table.title)</h2>
                <div class="wide"><table><thead><tr>\(head.joined())</tr></thead><tbody>\(rows.joined())</tbody></table></div>
                </section>
                """
        }
        let body: Markup = """
            <h1>\(title)</h1>
            <p class="lead">\(lead)</p>
            \(sections.joined())
            <section>
            <h2>Every run</h2>
            \(picture)
            </section>
            """
        return htmlPage(title, body)
    }

    private var picture: Markup {
        let plot = Plot(
            axis, x: Axis(axis, covering: groups.flatMap(\.values)),
            y: Axis("", covering: [0, Double(groups.count + 1)]),
            height: 120 + 60 * Double(groups.count))
        let points = groups.enumerated().flatMap { index, group -> [ScatterChart.Point] in
            let height = Double(groups.count - index)
            let values = group.values.filter(\.isFinite)
            let mean = values.reduce(0, +) / Double(max(1, values.count))
            return values.map { value in
                .init(
                    x: value, y: height, shape: .ring, style: index == 0 ? "student" : "base",
                    title: "\(group.name): \(Figures.fixed(value, 1))")
            } + [
                .init(
                    x: mean, y: height, shape: .diamond, style: index == 0 ? "student" : "base",
                    title: "\(group.name), mean: \(Figures.fixed(mean, 1))", name: group.name)
            ]
        }
        return ScatterChart(plot: plot, points: points).picture()
    }
}
