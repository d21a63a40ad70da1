import Pages

/// The frame of a chart: axes, grid and labels, and where a value lies in it.
///
/// Sizes are in user units of the picture, which the page scales to the width it has.
struct Plot {
    let width: Double
    let height: Double
    let x: Axis
    let y: Axis
    /// What screen readers say.
    let title: String
    private let left = 62.0
    private let right = 18.0
    private let top = 34.0
    private let bottom = 52.0

    init(_ title: String, x: Axis, y: Axis, width: Double = 640, height: Double = 380) {
        self.title = title
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    func px(_ value: Double) -> Double { left + x.fraction(value) * (width - left - right) }
    func py(_ value: Double) -> Double { height - bottom - y.fraction(value) * (height - top - bottom) }

    /// The whole picture, with marks drawn over the frame.
    func picture(_ marks: Markup) -> Markup {
        """
        <svg class="chart" viewBox="0 0 \(width) \(height)" role="img" aria-label="\(title)">
        \(frame)
        \(marks)
        </svg>
        """
    }

    private var frame: Markup {
        var lines: Markup = ""
        for tick in y.ticks {
            lines += """
                <line class="grid" x1="\(left)" x2="\(width - right)" y1="\(py(tick))" y2="\(py(tick))"/>\
                <text class="tick end" x="\(left - 7)" y="\(py(tick) + 4)">\(y.text(tick))</text>

                """
        }
        for tick in x.ticks {
            lines += """
                <line class="grid" x1="\(px(tick))" x2="\(px(tick))" y1="\(top)" y2="\(height - bottom)"/>\
                <text class="tick mid" x="\(px(tick))" y="\(height - bottom + 18)">\(x.text(tick))</text>

                """
        }
        lines += """
            <text class="axis mid" x="\((left + width - right) / 2)" y="\(height - 10)">\(x.label)</text>
            <text class="axis" x="6" y="18">\(y.label)</text>
            """
        return lines
    }

    /// A curve through points; those that are not finite interrupt it.
    func line(_ points: [(x: Double, y: Double)], style: String, title: String? = nil) -> Markup {
        var path = ""
        var pen = "M"
        for point in points {
            guard point.x.isFinite, point.y.isFinite else {
                pen = "M"
                continue
            }
            path += "\(pen)\(Self.decimal(px(point.x))) \(Self.decimal(py(point.y)))"
            pen = "L"
        }
        let tip: Markup = title.map { "<title>\($0)</title>" } ?? ""
        return "<path class=\"line \(style)\" d=\"\(path)\">\(tip)</path>"
    }

    private static func decimal(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
