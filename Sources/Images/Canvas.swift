import Foundation

/// Draws on a picture, with smooth edges. Coordinates are in pixels from the left upper corner: the first pixel covers
/// 0…1 in both directions. What lies outside the picture is cut off.
public struct Canvas: Sendable {
    public private(set) var image: RGBImage

    public init(_ image: RGBImage) { self.image = image }

    /// Mixes a colour into one pixel by 0…1; outside the picture nothing happens.
    public mutating func blend(_ x: Int, _ y: Int, _ color: RGB, _ alpha: Double) {
        guard x >= 0, y >= 0, x < image.width, y < image.height, alpha > 0 else { return }
        let alpha = min(1, alpha)
        let old = image[x, y]
        func mix(_ from: UInt8, _ to: UInt8) -> UInt8 {
            UInt8((Double(from) + (Double(to) - Double(from)) * alpha).rounded())
        }
        image[x, y] = RGB(mix(old.red, color.red), mix(old.green, color.green), mix(old.blue, color.blue))
    }

    /// Fills a rectangle between two corners.
    public mutating func fillRectangle(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: RGB, alpha: Double = 1
    ) {
        for y in rows(y1, y2) {
            let vertical = overlap(Double(y), y1, y2)
            for x in columns(x1, x2) { blend(x, y, color, alpha * vertical * overlap(Double(x), x1, x2)) }
        }
    }

    /// Draws a rectangle's outline, `width` pixels wide, inside the rectangle.
    public mutating func rectangle(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: RGB, width: Double = 1, alpha: Double = 1
    ) {
        guard x2 - x1 > 2 * width, y2 - y1 > 2 * width else {
            return fillRectangle(x1, y1, x2, y2, color, alpha: alpha)
        }
        fillRectangle(x1, y1, x2, y1 + width, color, alpha: alpha)
        fillRectangle(x1, y2 - width, x2, y2, color, alpha: alpha)
        fillRectangle(x1, y1 + width, x1 + width, y2 - width, color, alpha: alpha)
        fillRectangle(x2 - width, y1 + width, x2, y2 - width, color, alpha: alpha)
    }

    /// Fills an ellipse whose first radius is turned by `angle` (radians, clockwise on the screen).
    public mutating func fillEllipse(
        center: (x: Double, y: Double), radii: (Double, Double), angle: Double = 0, _ color: RGB, alpha: Double = 1
    ) {
        guard radii.0 > 0, radii.1 > 0 else { return }
        let reach = max(radii.0, radii.1) + 1
        let (sine, cosine) = (sin(angle), cos(angle))
        for y in rows(center.y - reach, center.y + reach) {
            for x in columns(center.x - reach, center.x + reach) {
                let (dx, dy) = (Double(x) + 0.5 - center.x, Double(y) + 0.5 - center.y)
                let (u, v) = ((dx * cosine + dy * sine) / radii.0, (dy * cosine - dx * sine) / radii.1)
                let radius = (u * u + v * v).squareRoot()
                // Distance to the edge in pixels, to first order: (1 - r) / |gradient of r|.
                let slope = radius > 0 ? hypot(u / radii.0, v / radii.1) / radius : 1 / min(radii.0, radii.1)
                blend(x, y, color, alpha * min(1, max(0, (1 - radius) / slope + 0.5)))
            }
        }
    }

    /// Draws a line with round ends.
    public mutating func line(
        from a: (x: Double, y: Double), to b: (x: Double, y: Double), _ color: RGB, width: Double = 1, alpha: Double = 1
    ) {
        let reach = width / 2 + 1
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let length = dx * dx + dy * dy
        for y in rows(min(a.y, b.y) - reach, max(a.y, b.y) + reach) {
            for x in columns(min(a.x, b.x) - reach, max(a.x, b.x) + reach) {
                let (px, py) = (Double(x) + 0.5 - a.x, Double(y) + 0.5 - a.y)
                let along = length > 0 ? min(1, max(0, (px * dx + py * dy) / length)) : 0
                let distance = hypot(px - along * dx, py - along * dy)
                blend(x, y, color, alpha * min(1, max(0, width / 2 - distance + 0.5)))
            }
        }
    }

    /// Fills a polygon by the even-odd rule.
    public mutating func fillPolygon(_ points: [(x: Double, y: Double)], _ color: RGB, alpha: Double = 1) {
        guard points.count > 2, let top = points.map(\.y).min(), let bottom = points.map(\.y).max() else { return }
        let samples = 4
        for y in rows(top, bottom) {
            var cover = [Double](repeating: 0, count: image.width)
            for sample in 0..<samples {
                let line = Double(y) + (Double(sample) + 0.5) / Double(samples)
                var crossings: [Double] = []
                for (index, a) in points.enumerated() {
                    let b = points[(index + 1) % points.count]
                    guard (a.y <= line) != (b.y <= line) else { continue }
                    crossings.append(a.x + (line - a.y) / (b.y - a.y) * (b.x - a.x))
                }
                crossings.sort()
                for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                    let (left, right) = (crossings[pair], crossings[pair + 1])
                    for x in columns(left, right) { cover[x] += overlap(Double(x), left, right) / Double(samples) }
                }
            }
            for (x, amount) in cover.enumerated() where amount > 0 { blend(x, y, color, alpha * amount) }
        }
    }

    private func rows(_ from: Double, _ to: Double) -> Range<Int> { pixels(from, to, image.height) }
    private func columns(_ from: Double, _ to: Double) -> Range<Int> { pixels(from, to, image.width) }

    private func pixels(_ from: Double, _ to: Double, _ count: Int) -> Range<Int> {
        guard from < to, from < Double(count), to > 0 else { return 0..<0 }
        let first = Int(max(0, from.rounded(.down)))
        return first..<max(first, Int(min(Double(count), to.rounded(.up))))
    }

    /// How much of the pixel from `start` to `start + 1` lies between two bounds.
    private func overlap(_ start: Double, _ from: Double, _ to: Double) -> Double {
        max(0, min(start + 1, to) - max(start, from))
    }
}
