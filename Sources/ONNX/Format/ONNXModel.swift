package import Foundation
package import Tensor

/// A model in the Open Neural Network Exchange format: what onnx.proto calls a `ModelProto`, as far as it is used here.
///
/// Values are known by name; a node reads only what inputs, initialisers and nodes before it give.
public struct ONNXModel: Sendable {
    /// The version of the operators' definitions that nodes refer to.
    public static let operatorSet = 17
    /// The version of the format that came with that operator set (onnx 1.12): readers of then can read it.
    public static let formatVersion = 8
    /// Protobuf's own limit: no message is larger (2 GiB less a byte).
    public static let mostBytes = Int(Int32.max)

    var producerVersion: String
    package var inputs: [Value] = []
    package var outputs: [Value] = []
    /// In running order.
    package var nodes: [Node] = []
    package var initialisers: [(name: String, tensor: Tensor)] = []
    /// Texts by name.
    var metadata: [String: String] = [:]

    init(producerVersion: String) { self.producerVersion = producerVersion }

    /// `TensorProto.DataType`.
    package enum Element: Int, Sendable {
        case float = 1
        case uint8 = 2
        case int64 = 7
        case bool = 9
        case double = 11
    }

    package enum Dimension: Sendable, Hashable {
        case fixed(Int)
        /// Known only when the model runs.
        case named(String)
    }

    /// An input or output of the model.
    package struct Value: Sendable, Hashable {
        package var name: String
        package var element: Element
        package var shape: [Dimension]

        package init(name: String, element: Element, shape: [Dimension]) {
            self.name = name
            self.element = element
            self.shape = shape
        }
    }

    package struct Node: Sendable, Hashable {
        /// `Conv`, say.
        package var operation: String
        package var name: String
        /// An empty name stands for an optional input that is not given.
        package var inputs: [String]
        package var outputs: [String]
        package var attributes: [String: Attribute]

        package init(
            operation: String, name: String, inputs: [String], outputs: [String], attributes: [String: Attribute]
        ) {
            self.operation = operation
            self.name = name
            self.inputs = inputs
            self.outputs = outputs
            self.attributes = attributes
        }
    }

    package enum Attribute: Sendable, Hashable {
        case float(Float)
        case integer(Int)
        case text(String)
        case tensor(Constant)
        case integers([Int])
    }

    /// A tensor of any element type, little-endian.
    package struct Constant: Sendable, Hashable {
        package var element: Element
        package var shape: [Int]
        package var data: Data

        init(_ shape: [Int], _ values: [Float]) { self.init(.float, shape, values.map(\.bitPattern.littleEndian)) }
        init(_ shape: [Int], _ values: [Double]) { self.init(.double, shape, values.map(\.bitPattern.littleEndian)) }
        init(_ shape: [Int], _ values: [Int]) { self.init(.int64, shape, values.map { Int64($0).littleEndian }) }

        private init(_ element: Element, _ shape: [Int], _ values: [some BitwiseCopyable]) {
            precondition(shape.reduce(1, *) == values.count, "\(values.count) values do not fill \(shape)")
            self.element = element
            self.shape = shape
            data = values.withUnsafeBytes { Data($0) }
        }
    }
}
