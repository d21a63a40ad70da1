import Pages

/// A page that compares groups of numbers: tables, and every number as a point, a row a group; where there is a second number to
/// each, also one over the other.
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

    /// A number, and what it cost, if that is known.
    public struct Value: Sendable {
        public let number: Double
        public let cost: Double?

        public init(_ number: Double, at cost: Double? = nil) {
            self.number = number
            self.cost = cost
        }
    }

    public struct Group: Sendable {
        public let name: String
        public let values: [Value]

        public init(name: String, values: [Value]) {
            self.name = name
            self.values = values
        }
    }

    private let title: String
    private let lead: String
    private let tables: [Table]
    private let groups: [Group]
    private let axis: String
    private let costAxis: String

    public init(title: String, lead: String, tables: [Table], groups: [Group], axis: String, costAxis: String) {
        self.title = title
        self.lead = lead
        self.tables = tables
        self.groups = groups
        self.axis = axis
        self.costAxis = costAxis
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
            \(plane)
            """
        return htmlPage(title, body)
    }

    /// A row for each group.
    private var picture: Markup {
        let plot = Plot(
            axis, x: Axis(axis, covering: groups.flatMap(\.values).map(\.number)),
            y: Axis("", covering: [0, Double(groups.count + 1)]),
            height: 120 + 60 * Double(groups.count))
        let points = groups.enumerated().flatMap { index, group in
            let height = Double(groups.count - index)
            return marks(group, isFirst: index == 0, group.values.map { ($0.number, height) }) { x, _ in
                Figures.fixed(x, 1)
            }
        }
        return ScatterChart(plot: plot, points: points).picture()
    }

    /// Numbers over costs; nothing where no cost is known.
    private var plane: Markup {
        let known = groups.map { group in
            group.values.compactMap { value in value.cost.map { (x: $0, y: value.number) } }
                .filter { $0.x.isFinite && $0.y.isFinite }
        }
        let all = known.flatMap(\.self)
        guard !all.isEmpty else { return "" }
        let plot = Plot(
            "\(axis), \(costAxis)", x: Axis(costAxis, covering: all.map(\.x)), y: Axis(axis, covering: all.map(\.y)),
            height: 480)
        let points = zip(groups, known).enumerated().flatMap { index, pair in
            marks(pair.0, isFirst: index == 0, pair.1) { x, y in
                "\(Figures.fixed(y, 1)) at \(Figures.fixed(x, 1))"
            }
        }
        return """
            <section>
            <h2>\(axis), \(costAxis)</h2>
            \(ScatterChart(plot: plot, points: points).picture())
            </section>
            """
    }

    /// A group's points, and their mean with its name.
    private func marks(
        _ group: Group, isFirst: Bool, _ places: [(x: Double, y: Double)], _ text: (_ x: Double, _ y: Double) -> String
    ) -> [ScatterChart.Point] {
        let style = isFirst ? "student" : "base"
        let finite = places.filter { $0.x.isFinite && $0.y.isFinite }
        guard !finite.isEmpty else { return [] }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let (x, y) = (mean(finite.map(\.x)), mean(finite.map(\.y)))
        return finite.map { place in
            .init(
                x: place.x, y: place.y, shape: .ring, style: style, title: "\(group.name): \(text(place.x, place.y))")
        } + [
            .init(
                x: x, y: y, shape: .diamond, style: style, title: "\(group.name), mean: \(text(x, y))",
                name: group.name)
        ]
    }
}
