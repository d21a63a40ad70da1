import Basics
import Glibc

/// A closed outline: an ellipse whose radius is waved by a few harmonics, as cells are.
struct Shape {
    var x: Double
    var y: Double
    /// Half axes in pixels.
    var radii: (Double, Double)
    var angle: Double
    /// (order, amplitude relative to the radius, phase).
    var waves: [(order: Double, amplitude: Double, phase: Double)] = []

    init(x: Double, y: Double, radius: Double, stretch: Double, roughness: Double, _ random: inout RandomStream) {
        self.x = x
        self.y = y
        let ratio = 1 + stretch * random.uniform()
        radii = (radius * ratio.squareRoot(), radius / ratio.squareRoot())
        angle = random.uniform(0, .pi)
        for order in 2...5 {
            let amplitude = roughness * random.uniform(0.3, 1) / Double(order)
            waves.append((Double(order), amplitude, random.uniform(0, 2 * .pi)))
        }
    }

    /// No point of the shape is farther from its centre.
    var reach: Double { max(radii.0, radii.1) * (1 + waves.reduce(0) { $0 + $1.amplitude }) + 1 }

    /// Where a point lies: 0 in the centre, 1 on the outline; and about how many pixels inside the outline it is.
    func locate(_ px: Double, _ py: Double) -> (radius: Double, depth: Double) {
        let (dx, dy) = (px - x, py - y)
        let (sine, cosine) = (sin(angle), cos(angle))
        let (u, v) = ((dx * cosine + dy * sine) / radii.0, (dy * cosine - dx * sine) / radii.1)
        let plain = (u * u + v * v).squareRoot()
        let direction = atan2(v, u)
        let outline = 1 + waves.reduce(0) { $0 + $1.amplitude * sin($1.order * direction + $1.phase) }
        let radius = plain / outline
        let local = hypot(dx, dy) / max(plain, 1e-6)
        return (radius, (1 - radius) * (plain > 1e-6 ? local * outline : min(radii.0, radii.1)))
    }
}
