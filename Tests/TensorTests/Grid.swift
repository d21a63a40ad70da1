import Basics
import Tensor

/// A tensor of Double, and every operation written in the plainest way: what the real ones are held against.
struct Grid {
    var shape: [Int]
    var values: [Double]

    init(_ shape: [Int], _ values: [Double]) {
        self.shape = shape
        self.values = values
    }

    init(zeros shape: [Int]) { self.init(shape, [Double](repeating: 0, count: shape.reduce(1, *))) }

    /// Values of −1 to 1 that a Float holds exactly.
    static func random(_ shape: [Int], _ random: inout RandomStream) -> Grid {
        Grid(shape, (0..<shape.reduce(1, *)).map { _ in Double(Float.random(in: -1...1, using: &random)) })
    }

    var tensor: Tensor { Tensor(shape, values.map { Float($0) }) }

    subscript(n: Int, c: Int, y: Int, x: Int) -> Double {
        get { values[((n * shape[1] + c) * shape[2] + y) * shape[3] + x] }
        set { values[((n * shape[1] + c) * shape[2] + y) * shape[3] + x] = newValue }
    }

    func map(_ body: (Double) -> Double) -> Grid { Grid(shape, values.map(body)) }
    func rectified(_ relu: Bool) -> Grid { relu ? map { max(0, $0) } : self }

    /// Every pixel of an image grid of `shape` from its place.
    static func images(_ shape: [Int], _ body: (_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Double) -> Grid {
        var result = Grid(zeros: shape)
        for n in 0..<shape[0] {
            for c in 0..<shape[1] {
                for y in 0..<shape[2] { for x in 0..<shape[3] { result[n, c, y, x] = body(n, c, y, x) } }
            }
        }
        return result
    }
}

extension Grid {
    func convolved(_ weight: Grid, _ bias: Grid?, stride: Int, padding: Int, groups: Int) -> Grid {
        let (w, inputs, outputs) = (weight.shape, weight.shape[1], weight.shape[0] / groups)
        let height = (shape[2] + 2 * padding - w[2]) / stride + 1
        let width = (shape[3] + 2 * padding - w[3]) / stride + 1
        return .images([shape[0], w[0], height, width]) { n, o, y, x in
            var sum = bias?.values[o] ?? 0
            for ky in 0..<w[2] {
                let sy = y * stride + ky - padding
                guard sy >= 0, sy < shape[2] else { continue }
                for kx in 0..<w[3] {
                    let sx = x * stride + kx - padding
                    guard sx >= 0, sx < shape[3] else { continue }
                    for c in 0..<inputs { sum += weight[o, c, ky, kx] * self[n, o / outputs * inputs + c, sy, sx] }
                }
            }
            return sum
        }
    }

    /// Normalises the cells (channels of images) that have the same number.
    func normalized(_ scale: Grid, _ shift: Grid, eps: Double, _ group: (_ n: Int, _ c: Int) -> Int) -> Grid {
        var members: [Int: [Double]] = [:]
        for n in 0..<shape[0] {
            for c in 0..<shape[1] {
                let plane = (n * shape[1] + c) * shape[2] * shape[3]
                members[group(n, c), default: []] += values[plane..<(plane + shape[2] * shape[3])]
            }
        }
        let statistics = members.mapValues { members in
            let mean = members.reduce(0, +) / Double(members.count)
            let variance = members.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(members.count)
            return (mean: mean, inverse: 1 / (variance + eps).squareRoot())
        }
        return .images(shape) { n, c, y, x in
            guard let known = statistics[group(n, c)] else { return .nan }
            return (self[n, c, y, x] - known.mean) * known.inverse * scale.values[c] + shift.values[c]
        }
    }

    func maxPooled(kernel: Int, stride: Int, padding: Int) -> Grid {
        let size = { (shape[$0] + 2 * padding - kernel) / stride + 1 }
        return .images([shape[0], shape[1], size(2), size(3)]) { n, c, y, x in
            var best = -Double.infinity
            for sy in max(0, y * stride - padding)..<min(shape[2], y * stride - padding + kernel) {
                for sx in max(0, x * stride - padding)..<min(shape[3], x * stride - padding + kernel) {
                    best = max(best, self[n, c, sy, sx])
                }
            }
            return best
        }
    }

    func nearest(_ height: Int, _ width: Int) -> Grid {
        .images([shape[0], shape[1], height, width]) { n, c, y, x in
            self[n, c, y * shape[2] / height, x * shape[3] / width]
        }
    }

    /// Each image at rows and columns of its own, held at the edges.
    func bilinear(_ rows: [[Double]], _ columns: [[Double]]) -> Grid {
        func taps(_ place: Double, _ size: Int) -> (Int, Int, Double) {
            let held = min(max(0, place), Double(size - 1))
            return (Int(held), min(size - 1, Int(held) + 1), held - Double(Int(held)))
        }
        return .images([shape[0], shape[1], rows[0].count, columns[0].count]) { n, c, y, x in
            let (y0, y1, v) = taps(rows[n][y], shape[2])
            let (x0, x1, u) = taps(columns[n][x], shape[3])
            return (1 - v) * ((1 - u) * self[n, c, y0, x0] + u * self[n, c, y0, x1])
                + v * ((1 - u) * self[n, c, y1, x0] + u * self[n, c, y1, x1])
        }
    }

    func linear(_ weight: Grid, _ bias: Grid?) -> Grid {
        let (rows, inputs, outputs) = (shape[0], shape[1], weight.shape[0])
        var result = Grid(zeros: [rows, outputs])
        for r in 0..<rows {
            for o in 0..<outputs {
                result.values[r * outputs + o] = (0..<inputs).reduce(bias?.values[o] ?? 0) {
                    $0 + values[r * inputs + $1] * weight.values[o * inputs + $1]
                }
            }
        }
        return result
    }

    static func + (a: Grid, b: Grid) -> Grid { Grid(a.shape, zip(a.values, b.values).map { $0 + $1 }) }
}
