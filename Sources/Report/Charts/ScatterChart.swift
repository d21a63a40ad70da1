import Pages

/// Marked points over two axes, some with a name beside them.
struct ScatterChart {
    enum Shape { case dot, ring, diamond }

    struct Point {
        let x: Double
        let y: Double
        let shape: Shape
        /// CSS classes for the colour.
        let style: String
        /// What a pointer held over it shows.
        let title: String
        var name: String?
    }

    let plot: Plot
    private let points: [Point]

    /// Points that are not finite are left out.
    init(plot: Plot, points: [Point]) {
        self.plot = plot
        self.points = points.filter { abs($0.x) < 1e12 && abs($0.y) < 1e12 }
    }

    /// - Parameter under: what is drawn beneath the points.
    func picture(under: Markup = "") -> Markup {
        plot.picture(([under] + points.map(mark) + labels).joined())
    }

    private func mark(_ point: Point) -> Markup {
        let x = plot.px(point.x)
        let y = plot.py(point.y)
        let tip: Markup = "<title>\(point.title)</title>"
        let style = point.style
        switch point.shape {
        case .dot: return "<circle class=\"dot \(style)\" cx=\"\(x)\" cy=\"\(y)\" r=\"5\">\(tip)</circle>"
        case .ring: return "<circle class=\"ring \(style)\" cx=\"\(x)\" cy=\"\(y)\" r=\"4\">\(tip)</circle>"
        case .diamond:
            return """
                <path class="dot halo \(style)" d="M\(x) \(y - 9)L\(x + 9) \(y)L\(x) \(y + 9)L\(x - 9) \(y)Z">\
                \(tip)</path>
                """
        }
    }

    /// Names are put right of, left of, above or below their points: the first place that is free. A letter is taken to be
    /// as wide as on a phone, where the page's style enlarges it.
    private var labels: [Markup] {
        var taken: [(x: ClosedRange<Double>, y: ClosedRange<Double>)] = points.map {
            let (x, y) = (plot.px($0.x), plot.py($0.y))
            let size = $0.name == nil ? 4.0 : 9.0
            return (x - size...x + size, y - size...y + size)
        }
        return points.compactMap { point in
            guard let name = point.name else { return nil }
            let (x, y) = (plot.px(point.x), plot.py(point.y))
            let width = Double(name.count) * 13
            let places: [(x: Double, y: Double, anchor: String, left: Double)] = [
                (x + 14, y + 5, "start", x + 14), (x - 14, y + 5, "end", x - 14 - width),
                (x, y - 16, "mid", x - width / 2), (x, y + 26, "mid", x - width / 2),
                (x + 10, y - 14, "start", x + 10), (x - 10, y + 24, "end", x - 10 - width),
            ]
            let place =
                places.first { place in
                    place.left > 60 && place.left + width < plot.width
                        && !taken.contains {
                            $0.x.overlaps(place.left...place.left + width) && $0.y.overlaps(place.y - 13...place.y + 3)
                        }
                } ?? places[0]
            taken.append((place.left...place.left + width, place.y - 13...place.y + 3))
            return """
                <text class="name \(place.anchor) \(point.style)" x="\(place.x)" y="\(place.y)">\(name)</text>
                """
        }
    }
}
