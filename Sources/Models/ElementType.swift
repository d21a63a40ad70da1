/// How a tensor's elements lie in a file: little-endian, one after the other.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
    // safetensors' names.
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint8 = "U8"
    case boolean = "BOOL"

    /// Bytes of an element.
    var size: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .boolean: 1
        }
    }

    /// Whether elements become float32: weights are, counters are not.
    var isFloating: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        default: false
        }
    }

    /// The element at an index; those that are not floating are never asked for.
    @inline(__always) func value(in bytes: UnsafeRawBufferPointer, at index: Int) -> Float {
        func bits<Bits: FixedWidthInteger>(_: Bits.Type) -> Bits {
            Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self))
        }
        return switch self {
        case .float64: Float(Double(bitPattern: bits(UInt64.self)))
        case .float32: Float(bitPattern: bits(UInt32.self))
        case .float16: Float(Float16(bitPattern: bits(UInt16.self)))
        case .bfloat16: Float(bitPattern: UInt32(bits(UInt16.self)) << 16)
        case .int64, .int32, .int16, .int8, .uint8, .boolean: .nan
        }
    }

    /// Writes the first elements of `bytes` to `floats`, as many as there are of them.
    func decode(_ bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>) {
        for index in floats.indices { floats[index] = value(in: bytes, at: index) }
    }
}
