import Foundation

/// The fields of a protobuf message, read by the specification of the wire format; knows nothing of the writer.
struct ProtobufFields {
    enum Value {
        case varint(UInt64)
        case fourBytes(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    struct Malformed: Error {}

    private(set) var fields: [(number: Int, value: Value)] = []

    init(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        while !rest.isEmpty {
            let key = try Self.varint(&rest)
            switch key & 7 {
            case 0: fields.append((Int(key >> 3), .varint(try Self.varint(&rest))))
            case 5:
                fields.append(
                    (Int(key >> 3), .fourBytes(try Self.take(4, &rest).reversed().reduce(0) { $0 << 8 | UInt32($1) })))
            case 2:
                let length = try Self.varint(&rest)
                fields.append((Int(key >> 3), .bytes(try Self.take(Int(length), &rest))))
            default: throw Malformed()
            }
        }
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw Malformed() }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Malformed()
    }

    private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    func integers(_ number: Int) -> [Int] {
        fields.compactMap { field in
            if field.number == number, case .varint(let value) = field.value {
                Int(Int64(bitPattern: value))
            } else {
                nil
            }
        }
    }

    func bytes(_ number: Int) -> [ArraySlice<UInt8>] {
        fields.compactMap { field in
            if field.number == number, case .bytes(let value) = field.value { value } else { nil }
        }
    }

    func texts(_ number: Int) -> [String] { bytes(number).map { String(decoding: $0, as: UTF8.self) } }
    func messages(_ number: Int) throws -> [ProtobufFields] { try bytes(number).map(ProtobufFields.init) }

    func float(_ number: Int) -> Float? {
        for field in fields where field.number == number {
            if case .fourBytes(let bits) = field.value { return Float(bitPattern: bits) }
        }
        return nil
    }
}

/// A model file as onnx.proto describes it.
struct ReadModel {
    struct Node {
        var operation: String
        var name: String
        var inputs: [String]
        var outputs: [String]
        var attributes: [String: ProtobufFields]
    }

    struct Tensor: Equatable {
        var shape: [Int]
        var type: Int
        var bytes: [UInt8]

        init(_ fields: ProtobufFields) {
            shape = fields.integers(1)
            type = fields.integers(2).first ?? 0
            bytes = Array(fields.bytes(9).first ?? [])
        }
    }

    /// A name, an element type, and sides: numbers as text, or names.
    struct Value: Equatable {
        var name: String
        var type: Int
        var shape: [String]
    }

    var formatVersion: Int
    var producer: [String]
    var operatorSets: [(domain: String, version: Int)]
    var metadata: [String: String]
    var nodes: [Node]
    var initialisers: [(name: String, tensor: Tensor)]
    var inputs: [Value]
    var outputs: [Value]

    init(_ data: Data) throws {
        let model = try ProtobufFields(Array(data)[...])
        formatVersion = model.integers(1).first ?? 0
        producer = model.texts(2) + model.texts(3)
        operatorSets = try model.messages(8).map { ($0.texts(1).first ?? "", $0.integers(2).first ?? 0) }
        metadata = Dictionary(
            uniqueKeysWithValues: try model.messages(14).map { ($0.texts(1).first ?? "", $0.texts(2).first ?? "") })
        guard let graph = try model.messages(7).first else { throw ProtobufFields.Malformed() }
        nodes = try graph.messages(1).map { node in
            Node(
                operation: node.texts(4).first ?? "", name: node.texts(3).first ?? "", inputs: node.texts(1),
                outputs: node.texts(2),
                attributes: Dictionary(
                    uniqueKeysWithValues: try node.messages(5).map { ($0.texts(1).first ?? "", $0) }))
        }
        initialisers = try graph.messages(5).map { ($0.texts(8).first ?? "", Tensor($0)) }
        func values(_ number: Int) throws -> [Value] {
            try graph.messages(number).map { value in
                let tensor = try value.messages(2).first?.messages(1).first
                let sides = try tensor?.messages(2).first?.messages(1) ?? []
                return Value(
                    name: value.texts(1).first ?? "", type: tensor?.integers(1).first ?? 0,
                    shape: sides.map { $0.integers(1).first.map(String.init) ?? $0.texts(2).first ?? "" })
            }
        }
        inputs = try values(11)
        outputs = try values(12)
    }
}
