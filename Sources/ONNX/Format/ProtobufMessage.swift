import Foundation

/// A message in protobuf's wire format: fields one after the other, each with its number and kind in front
/// (https://protobuf.dev/programming-guides/encoding). Repeated fields are written again and again, not packed.
struct ProtobufMessage {
    private(set) var data = Data()

    private enum Kind: Int {
        case varint = 0
        case lengthDelimited = 2
        case fourBytes = 5
    }

    /// int32, int64 or an enum; negative numbers are 64-bit two's complements.
    mutating func append(_ field: Int, _ value: Int) {
        begin(field, .varint)
        append(varint: UInt64(bitPattern: Int64(value)))
    }

    mutating func append(_ field: Int, _ value: Float) {
        begin(field, .fourBytes)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }

    mutating func append(_ field: Int, _ value: String) { append(field, Data(value.utf8)) }

    mutating func append(_ field: Int, _ value: ProtobufMessage) { append(field, value.data) }

    mutating func append(_ field: Int, _ value: Data) {
        begin(field, .lengthDelimited)
        append(varint: UInt64(value.count))
        data.append(value)
    }

    /// Seven bits a byte, the lowest first; all but the last byte have their highest bit set.
    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            data.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }

    private mutating func begin(_ field: Int, _ kind: Kind) { append(varint: UInt64(field << 3 | kind.rawValue)) }
}
