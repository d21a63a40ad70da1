import Basics
import Foundation
package import ONNX
import Tensor

/// Runs a model as the definition of its operators says (https://onnx.ai/onnx/operators, operator set 17): loops in float64,
/// nothing of it shared with what runs networks otherwise. Slow, and meant to be.
///
/// It knows the operators that backbones are exported as; another one is an error.
package struct ONNXReference {
    private let model: ONNXModel

    package init(_ model: ONNXModel) { self.model = model }

    /// The model's outputs in their order.
    package func run(_ inputs: [String: ReferenceValue]) throws -> [ReferenceValue] {
        var values = inputs
        for (name, tensor) in model.initialisers {
            values[name] = ReferenceValue(tensor.shape, tensor.array.map { Double($0) })
        }
        for node in model.nodes {
            let operands = try node.inputs.map { name in
                // An optional input that is not given.
                if name.isEmpty { return ReferenceValue([0], []) }
                guard let value = values[name] else {
                    throw Failure("\(node.name) reads '\(name)', which is not there")
                }
                return value
            }
            guard node.outputs.count == 1, let result = try Operation(node: node, operands: operands).result() else {
                throw Failure("\(node.name): \(node.operation) of \(operands.map(\.shape)) is not known here")
            }
            values[node.outputs[0]] = result
        }
        return try model.outputs.map { output in
            guard let value = values[output.name] else { throw Failure("nothing gives the output '\(output.name)'") }
            return value
        }
    }
}

/// A node with the values that it reads.
private struct Operation {
    let node: ONNXModel.Node
    let operands: [ReferenceValue]

    private func integers(_ name: String) -> [Int]? {
        switch node.attributes[name] {
        case .integers(let values): values
        case .integer(let value): [value]
        default: nil
        }
    }

    private func number(_ name: String) -> Double? {
        if case .float(let value) = node.attributes[name] { Double(value) } else { nil }
    }

    /// nil where the operator is not known, or not with such operands.
    func result() throws -> ReferenceValue? {
        let x = operands.first ?? ReferenceValue([0], [])
        switch node.operation {
        case "Constant": return constant()
        case "Identity": return x
        case "Add": return x.combined(with: operands[1], +)
        case "Mul": return x.combined(with: operands[1], *)
        case "Relu": return x.map { max($0, 0) }
        case "HardSwish": return x.map { $0 * min(max($0 / 6 + 0.5, 0), 1) }
        case "HardSigmoid":
            guard let alpha = number("alpha"), let beta = number("beta") else { return nil }
            return x.map { min(max($0 * alpha + beta, 0), 1) }
        case "Shape": return ReferenceValue([x.shape.count], x.shape.map { Double($0) })
        case "Reshape": return reshape(x, to: operands[1].integers)
        case "Unsqueeze": return unsqueeze(x, axes: operands[1].integers)
        case "Conv": return convolution(x, weight: operands[1], bias: operands.count > 2 ? operands[2].elements : nil)
        case "BatchNormalization":
            return batchNorm(x, operands.dropFirst().map(\.elements))
        case "InstanceNormalization":
            return instanceNorm(x, scale: operands[1].elements, shift: operands[2].elements)
        case "GlobalAveragePool":
            guard x.shape.count == 4 else { return nil }
            let plane = x.shape[2] * x.shape[3]
            return ReferenceValue(
                [x.shape[0], x.shape[1], 1, 1], x.planes(of: plane).map { $0.reduce(0, +) / Double(plane) })
        case "MaxPool": return maxPool(x)
        case "Resize": return nearest(x, to: operands[3].integers)
        case "Slice":
            return slice(x, from: operands[1].integers, to: operands[2].integers, axes: operands[3].integers)
        case "Concat":
            guard let axis = integers("axis")?.first else { return nil }
            return x.joined(with: operands.dropFirst(), axis: axis)
        case "Flatten":
            guard integers("axis") == [1] else { return nil }
            return ReferenceValue([x.shape[0], x.shape.dropFirst().reduce(1, *)], x.elements)
        case "Gemm":
            return integers("transB") == [1] ? product(x, operands[1], bias: operands[2].elements) : nil
        default: return nil
        }
    }

    private func constant() -> ReferenceValue? {
        guard case .tensor(let tensor) = node.attributes["value"] else { return nil }
        func read<T: FixedWidthInteger>(_ value: (T) -> Double) -> ReferenceValue {
            var elements = [T](repeating: 0, count: tensor.data.count / MemoryLayout<T>.size)
            _ = elements.withUnsafeMutableBytes { tensor.data.copyBytes(to: $0) }
            return ReferenceValue(tensor.shape, elements.map { value(T(littleEndian: $0)) })
        }
        switch tensor.element {
        case .float: return read { (bits: UInt32) in Double(Float(bitPattern: bits)) }
        case .double: return read { (bits: UInt64) in Double(bitPattern: bits) }
        case .int64: return read { (value: Int64) in Double(value) }
        case .uint8, .bool: return nil
        }
    }

    /// 0 keeps a side, −1 takes what is left.
    private func reshape(_ x: ReferenceValue, to sides: [Int]) -> ReferenceValue? {
        var shape = sides.enumerated().map { $1 == 0 && $0 < x.shape.count ? x.shape[$0] : $1 }
        if let open = shape.firstIndex(of: -1) {
            let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
            guard known > 0 else { return nil }
            shape[open] = x.elements.count / known
        }
        guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == x.elements.count else { return nil }
        return ReferenceValue(shape, x.elements)
    }

    private func unsqueeze(_ x: ReferenceValue, axes: [Int]) -> ReferenceValue? {
        var shape = x.shape
        for axis in axes.sorted() {
            guard (0...shape.count).contains(axis) else { return nil }
            shape.insert(1, at: axis)
        }
        return ReferenceValue(shape, x.elements)
    }

    /// Without steps.
    private func slice(_ x: ReferenceValue, from starts: [Int], to ends: [Int], axes: [Int]) -> ReferenceValue? {
        guard axes.count == 1, starts.count == 1, ends.count == 1, x.shape.indices.contains(axes[0]) else { return nil }
        let side = x.shape[axes[0]]
        let range = min(starts[0], side)..<min(ends[0], side)
        let inner = x.shape[(axes[0] + 1)...].reduce(1, *)
        var shape = x.shape
        shape[axes[0]] = range.count
        let elements = x.planes(of: side * inner).flatMap { plane in
            plane[plane.startIndex + range.lowerBound * inner..<plane.startIndex + range.upperBound * inner]
        }
        return ReferenceValue(shape, elements)
    }

    /// Element i of a side comes from ⌊i · old ÷ new⌋.
    private func nearest(_ x: ReferenceValue, to sides: [Int]) -> ReferenceValue? {
        guard x.shape.count == 4, sides.count == 4, sides[..<2] == x.shape[..<2] else { return nil }
        var elements: [Double] = []
        for plane in x.planes(of: x.shape[2] * x.shape[3]) {
            for row in 0..<sides[2] {
                let start = plane.startIndex + row * x.shape[2] / sides[2] * x.shape[3]
                for column in 0..<sides[3] { elements.append(plane[start + column * x.shape[3] / sides[3]]) }
            }
        }
        return ReferenceValue(sides, elements)
    }

    /// x · weightᵀ + bias.
    private func product(_ x: ReferenceValue, _ weight: ReferenceValue, bias: [Double]) -> ReferenceValue? {
        guard x.shape.count == 2, weight.shape.count == 2, x.shape[1] == weight.shape[1],
            bias.count == weight.shape[0]
        else { return nil }
        let columns = weight.planes(of: weight.shape[1])
        let elements = x.planes(of: x.shape[1]).flatMap { row in
            zip(columns, bias).map { column, shift in zip(row, column).reduce(shift) { $0 + $1.0 * $1.1 } }
        }
        return ReferenceValue([x.shape[0], weight.shape[0]], elements)
    }

    private struct Window {
        let kernel, stride, padding: Int

        /// How many places it takes along a side.
        func places(_ side: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }
    }

    /// Square windows, with as much padding on all sides.
    private var window: Window? {
        guard let kernel = integers("kernel_shape"), let strides = integers("strides"), let pads = integers("pads"),
            kernel.count == 2, strides.count == 2, pads.count == 4,
            Set(kernel).count == 1, Set(strides).count == 1, Set(pads).count == 1
        else { return nil }
        return Window(kernel: kernel[0], stride: strides[0], padding: pads[0])
    }

    private func convolution(_ x: ReferenceValue, weight: ReferenceValue, bias: [Double]?) -> ReferenceValue? {
        guard let window, let groups = integers("group")?.first, x.shape.count == 4, weight.shape.count == 4,
            weight.shape[2...] == [window.kernel, window.kernel], x.shape[1] == weight.shape[1] * groups,
            weight.shape[0].isMultiple(of: groups)
        else { return nil }
        let (height, width) = (x.shape[2], x.shape[3])
        let (inputs, outputs) = (weight.shape[1], weight.shape[0])
        let (rows, columns) = (window.places(height), window.places(width))
        var result = [Double](repeating: 0, count: x.shape[0] * outputs * rows * columns)
        for image in 0..<x.shape[0] {
            for output in 0..<outputs {
                let start = (image * outputs + output) * rows * columns
                for place in 0..<rows * columns { result[start + place] = bias?[output] ?? 0 }
                for input in 0..<inputs {
                    let channel = output / (outputs / groups) * inputs + input
                    let plane = (image * x.shape[1] + channel) * height * width
                    for (tap, factor) in weight.row(output * inputs + input, of: window.kernel * window.kernel) {
                        let (dy, dx) = (tap / window.kernel - window.padding, tap % window.kernel - window.padding)
                        for row in 0..<rows {
                            let y = row * window.stride + dy
                            guard y >= 0, y < height else { continue }
                            for column in 0..<columns {
                                let at = column * window.stride + dx
                                guard at >= 0, at < width else { continue }
                                result[start + row * columns + column] += factor * x.elements[plane + y * width + at]
                            }
                        }
                    }
                }
            }
        }
        return ReferenceValue([x.shape[0], outputs, rows, columns], result)
    }

    private func maxPool(_ x: ReferenceValue) -> ReferenceValue? {
        guard let window, x.shape.count == 4 else { return nil }
        let (height, width) = (x.shape[2], x.shape[3])
        let (rows, columns) = (window.places(height), window.places(width))
        var result: [Double] = []
        for plane in x.planes(of: height * width) {
            for place in 0..<rows * columns {
                let top = place / columns * window.stride - window.padding
                let left = place % columns * window.stride - window.padding
                var largest = -Double.infinity
                for y in max(top, 0)..<min(top + window.kernel, height) {
                    for at in max(left, 0)..<min(left + window.kernel, width) {
                        largest = max(largest, plane[plane.startIndex + y * width + at])
                    }
                }
                result.append(largest)
            }
        }
        return ReferenceValue([x.shape[0], x.shape[1], rows, columns], result)
    }

    /// By scale, shift, mean and variance of each channel.
    private func batchNorm(_ x: ReferenceValue, _ parameters: [[Double]]) -> ReferenceValue? {
        guard parameters.count == 4, x.shape.count == 4, let epsilon = number("epsilon"),
            parameters.allSatisfy({ $0.count == x.shape[1] })
        else { return nil }
        let planes = x.planes(of: x.shape[2] * x.shape[3])
        return ReferenceValue(
            x.shape,
            planes.enumerated().flatMap { index, plane in
                let c = index % x.shape[1]
                let factor = parameters[0][c] / (parameters[3][c] + epsilon).squareRoot()
                return plane.map { ($0 - parameters[2][c]) * factor + parameters[1][c] }
            })
    }

    /// Each channel of each image by its own mean and variance.
    private func instanceNorm(_ x: ReferenceValue, scale: [Double], shift: [Double]) -> ReferenceValue? {
        guard x.shape.count >= 2, let epsilon = number("epsilon"), scale.count == x.shape[1], shift.count == x.shape[1]
        else { return nil }
        let count = x.shape.dropFirst(2).reduce(1, *)
        return ReferenceValue(
            x.shape,
            x.planes(of: count).enumerated().flatMap { index, plane in
                let mean = plane.reduce(0, +) / Double(count)
                let variance = plane.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
                let factor = scale[index % x.shape[1]] / (variance + epsilon).squareRoot()
                return plane.map { ($0 - mean) * factor + shift[index % x.shape[1]] }
            })
    }
}

extension ReferenceValue {
    /// Side by side along an axis; nil where other sides differ.
    fileprivate func joined(with others: ArraySlice<ReferenceValue>, axis: Int) -> ReferenceValue? {
        guard shape.indices.contains(axis) else { return nil }
        let all = [self] + others
        var sides = shape
        sides[axis] = 0
        for value in all {
            var other = value.shape
            guard other.count == shape.count else { return nil }
            sides[axis] += other[axis]
            other[axis] = shape[axis]
            guard other == shape else { return nil }
        }
        let inner = shape[(axis + 1)...].reduce(1, *)
        let runs = all.map { $0.planes(of: $0.shape[axis] * inner) }
        let elements = runs[0].indices.flatMap { index in runs.flatMap { $0[index] } }
        return ReferenceValue(sides, elements)
    }

    /// The elements in runs of so many.
    fileprivate func planes(of count: Int) -> [ArraySlice<Double>] {
        stride(from: 0, to: elements.count, by: max(count, 1)).map { elements[$0..<$0 + count] }
    }

    /// One run of so many elements, numbered from 0.
    fileprivate func row(_ index: Int, of count: Int) -> some Sequence<(offset: Int, element: Double)> {
        elements[index * count..<(index + 1) * count].enumerated()
    }
}
