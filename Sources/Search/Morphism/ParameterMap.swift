public import Tensor

/// Where a tensor's entries come from: for each axis, the source's index of each of its own, or none (-1).
///
/// One value serves whatever runs along a parameter's shape: weights, momentum, gradients.
public struct ParameterMap: Sendable, Hashable {
    /// The tensor's own shape.
    public let shape: [Int]
    /// The source's name; nil for a parameter that has none.
    public let source: String?
    /// Axis → source index for each own index. An axis that is not here is the source's, as it is.
    public let axes: [Int: [Int]]

    public init(shape: [Int], source: String?, axes: [Int: [Int]] = [:]) {
        self.shape = shape
        self.source = source
        self.axes = axes
    }

    /// `start`, with every entry that has a source overwritten by it.
    public func gather(from source: Tensor, into start: @autoclosure () throws -> Tensor) rethrows -> Tensor {
        if axes.isEmpty { return source }
        var result = try start()
        let source = source.plain()
        result.withUnsafeMutableFloats { into in
            source.withUnsafeFloats { from in
                forEachRun(sourceShape: source.shape) { own, other, count in
                    for offset in 0..<count { into[own + offset] = from[other + offset] }
                }
            }
        }
        return result
    }

    /// Adds `values`, which has this map's shape, to the entries of `target` that they came from.
    public func scatterAdd(_ values: Tensor, into target: inout Tensor) {
        let values = values.plain()
        let shape = target.shape
        target.withUnsafeMutableFloats { into in
            values.withUnsafeFloats { from in
                forEachRun(sourceShape: shape) { own, other, count in
                    for offset in 0..<count { into[other + offset] += from[own + offset] }
                }
            }
        }
    }

    /// Calls with (own offset, source offset, count) for each run of entries that lie side by side in both.
    private func forEachRun(sourceShape: [Int], _ body: (Int, Int, Int) -> Void) {
        guard shape.allSatisfy({ $0 > 0 }) else { return }
        let mapped = (axes.keys.max() ?? -1) + 1
        let run = shape[mapped...].reduce(1, *)
        var sourceStrides = [Int](repeating: run, count: mapped)
        for axis in stride(from: mapped - 2, through: 0, by: -1) {
            sourceStrides[axis] = sourceStrides[axis + 1] * sourceShape[axis + 1]
        }
        let offsets = (0..<mapped).map { axis in
            axes[axis].map { $0.map { $0 < 0 ? -1 : $0 * sourceStrides[axis] } }
                ?? (0..<shape[axis]).map { $0 * sourceStrides[axis] }
        }
        // The innermost mapped axis often runs over neighbours (a leading corner): they are joined.
        func visitLast(_ own: Int, _ other: Int) {
            let last = mapped - 1
            var index = 0
            while index < shape[last] {
                let start = offsets[last][index]
                var end = index + 1
                if start >= 0 {
                    while end < shape[last], offsets[last][end] == start + (end - index) * run { end += 1 }
                    body((own * shape[last] + index) * run, other + start, (end - index) * run)
                }
                index = end
            }
        }
        func visit(_ axis: Int, _ own: Int, _ other: Int) {
            if axis == mapped - 1 { return visitLast(own, other) }
            for index in 0..<shape[axis] where offsets[axis][index] >= 0 {
                visit(axis + 1, own * shape[axis] + index, other + offsets[axis][index])
            }
        }
        if mapped == 0 { body(0, 0, run) } else { visit(0, 0, 0) }
    }

    /// The leading corner of a larger tensor.
    public static func corner(_ shape: [Int], of source: String, sourceShape: [Int]) -> ParameterMap {
        var axes: [Int: [Int]] = [:]
        for (axis, (own, whole)) in zip(shape, sourceShape).enumerated() where own != whole {
            axes[axis] = Array(0..<own)
        }
        return ParameterMap(shape: shape, source: source, axes: axes)
    }
}
