import Pages

/// Named curves over two axes, with a legend.
struct LineChart {
    struct Series {
        let name: String
        let points: [(x: Double, y: Double)]
        let style: String
    }

    let title: String
    let x: Axis
    let y: Axis
    let series: [Series]

    var figure: Markup {
        let plot = Plot(title, x: x, y: y, width: 480, height: 300)
        return """
            <figure><figcaption>\(title)</figcaption>
            \(plot.picture(series.map { plot.line($0.points, style: $0.style, title: $0.name) }.joined()))
            \(Legend(series.map { .init(name: $0.name, style: $0.style, shape: .line) }).markup)
            </figure>
            """
    }
}

/// What the colours and shapes of a chart mean.
struct Legend {
    enum Shape: String { case line, fill, ring, diamond }

    struct Entry {
        let name: String
        let style: String
        let shape: Shape
    }

    let entries: [Entry]

    init(_ entries: [Entry]) { self.entries = entries }

    var markup: Markup {
        let items = entries.map { entry -> Markup in
            """
            <li class="\(entry.style)"><svg class="swatch" viewBox="0 0 22 12" aria-hidden="true">\
            \(Self.swatch(entry))</svg>\(entry.name)</li>
            """
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    private static func swatch(_ entry: Entry) -> Markup {
        let style = entry.style
        return switch entry.shape {
        case .line: "<path class=\"line \(style)\" d=\"M0 6L22 6\"/>"
        case .fill: "<rect class=\"bar \(style)\" x=\"4\" y=\"0\" width=\"14\" height=\"12\"/>"
        case .ring: "<circle class=\"ring \(style)\" cx=\"11\" cy=\"6\" r=\"4\"/>"
        case .diamond: "<path class=\"dot \(style)\" d=\"M11 0L17 6L11 12L5 6Z\"/>"
        }
    }
}
