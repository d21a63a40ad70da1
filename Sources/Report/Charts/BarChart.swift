import Pages

/// Horizontal bars in labelled rows; a bar may be stacked from segments.
struct BarChart {
    struct Segment {
        let value: Double
        /// CSS class for the colour.
        let style: String
        let title: String
    }

    struct Bar {
        let segments: [Segment]
        /// Written behind the bar.
        let text: String
    }

    struct Row {
        let label: String
        let bars: [Bar]
    }

    let title: String
    let rows: [Row]
    private let width = 640.0
    private let thickness = 16.0

    var picture: Markup {
        let letters = rows.map(\.label.count).max() ?? 0
        let labels = min(260, 24 + Double(letters) * 11)
        let largest = rows.flatMap(\.bars).map { $0.segments.reduce(0) { $0 + $1.value } }.max() ?? 0
        let scale = largest > 0 ? (width - labels - 150) / largest : 0
        var y = 4.0
        var marks: Markup = ""
        for row in rows {
            let height = Double(row.bars.count) * (thickness + 2)
            marks += "<text class=\"tick end\" x=\"\(labels - 10)\" y=\"\(y + height / 2 + 4)\">\(row.label)</text>"
            for bar in row.bars {
                var x = labels
                for segment in bar.segments where segment.value > 0 {
                    marks += """
                        <rect class="bar \(segment.style)" x="\(x)" y="\(y)" width="\(segment.value * scale)" \
                        height="\(thickness)"><title>\(segment.title)</title></rect>
                        """
                    x += segment.value * scale
                }
                marks += "<text class=\"tick\" x=\"\(x + 6)\" y=\"\(y + thickness - 4)\">\(bar.text)</text>\n"
                y += thickness + 2
            }
            y += 10
        }
        return """
            <svg class="chart" viewBox="0 0 \(width) \(y)" role="img" aria-label="\(title)">
            \(marks)
            </svg>
            """
    }
}
