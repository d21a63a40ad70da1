import Basics
public import Foundation
import Tensor

// Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

extension ONNXModel {
    /// Writes the file durably: it is whole, or not there.
    public func write(to url: URL) throws { try DurableFile.write(encoded(at: url.path), to: url) }

    /// The file's bytes; equal models have equal bytes.
    ///
    /// - Parameters:
    ///   - limit: a file that would be larger is refused.
    ///   - place: names the file in errors.
    public func encoded(limit: Int = mostBytes, at place: String? = nil) throws -> Data {
        let weights = 4 * initialisers.reduce(0) { $0 + $1.tensor.count }
        // Before anything is copied; nodes and names are small beside weights that large.
        if weights > limit { throw tooLarge(weights, limit, place) }
        var model = ProtobufMessage()
        model.append(1, Self.formatVersion)
        model.append(2, "jdnas")
        model.append(3, producerVersion)
        var operators = ProtobufMessage()
        operators.append(1, "")
        operators.append(2, Self.operatorSet)
        model.append(8, operators)
        for (name, text) in metadata.sorted(by: { $0.key < $1.key }) {
            var entry = ProtobufMessage()
            entry.append(1, name)
            entry.append(2, text)
            model.append(14, entry)
        }
        model.append(7, graph)
        if model.data.count > limit { throw tooLarge(model.data.count, limit, place) }
        return model.data
    }

    private func tooLarge(_ bytes: Int, _ limit: Int, _ place: String?) -> Failure {
        Failure(
            "the model would take \(bytes) bytes, an ONNX file holds at most \(limit)", at: place,
            remedy: "export a detector with fewer parameters")
    }

    private var graph: ProtobufMessage {
        var graph = ProtobufMessage()
        for node in nodes { graph.append(1, node.message) }
        graph.append(2, "detector")
        for (name, tensor) in initialisers {
            let data = tensor.plain().withUnsafeFloats { Data(buffer: $0) }
            graph.append(5, tensorMessage(name, .float, tensor.shape, data))
        }
        for value in inputs { graph.append(11, value.message) }
        for value in outputs { graph.append(12, value.message) }
        return graph
    }
}

private func tensorMessage(
    _ name: String?, _ element: ONNXModel.Element, _ shape: [Int], _ data: Data
) -> ProtobufMessage {
    var message = ProtobufMessage()
    for side in shape { message.append(1, side) }
    message.append(2, element.rawValue)
    if let name { message.append(8, name) }
    message.append(9, data)
    return message
}

extension ONNXModel.Node {
    fileprivate var message: ProtobufMessage {
        var message = ProtobufMessage()
        for input in inputs { message.append(1, input) }
        for output in outputs { message.append(2, output) }
        message.append(3, name)
        message.append(4, operation)
        for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
            message.append(5, attribute.message(name))
        }
        return message
    }
}

extension ONNXModel.Attribute {
    /// The last field says which of the others is meant.
    fileprivate func message(_ name: String) -> ProtobufMessage {
        var message = ProtobufMessage()
        message.append(1, name)
        switch self {
        case .float(let value):
            message.append(2, value)
            message.append(20, 1)
        case .integer(let value):
            message.append(3, value)
            message.append(20, 2)
        case .text(let value):
            message.append(4, value)
            message.append(20, 3)
        case .tensor(let value):
            message.append(5, tensorMessage(nil, value.element, value.shape, value.data))
            message.append(20, 4)
        case .integers(let values):
            for value in values { message.append(8, value) }
            message.append(20, 7)
        }
        return message
    }
}

extension ONNXModel.Value {
    fileprivate var message: ProtobufMessage {
        var shape = ProtobufMessage()
        for side in self.shape {
            var dimension = ProtobufMessage()
            switch side {
            case .fixed(let size): dimension.append(1, size)
            case .named(let name): dimension.append(2, name)
            }
            shape.append(1, dimension)
        }
        var tensor = ProtobufMessage()
        tensor.append(1, element.rawValue)
        tensor.append(2, shape)
        var type = ProtobufMessage()
        type.append(1, tensor)
        var message = ProtobufMessage()
        message.append(1, name)
        message.append(2, type)
        return message
    }
}
