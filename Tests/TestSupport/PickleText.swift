public import Foundation

/// Bytes of a pickle, opcode by opcode, as Python's pickler (protocol 2) and torch write them.
public struct PickleText {
    public private(set) var data = Data([0x80, 2])

    public init() {}

    public mutating func raw(_ bytes: UInt8...) { data += Data(bytes) }

    /// Opcodes that are a character: `mark` is "(", `REDUCE` "R", `STOP` ".".
    public mutating func codes(_ text: String) { data += Data(text.utf8) }

    public mutating func global(_ module: String, _ name: String) { codes("c\(module)\n\(name)\n") }

    public mutating func text(_ text: String) {
        codes("X")
        data.append(little: UInt32(text.utf8.count))
        codes(text)
    }

    /// BININT1, BININT2, BININT or LONG1, as Python's pickler chooses.
    public mutating func integer(_ value: Int) {
        switch value {
        case 0...0xFF:
            codes("K")
            data.append(little: UInt8(value))
        case 0...0xFFFF:
            codes("M")
            data.append(little: UInt16(value))
        case Int(Int32.min)...Int(Int32.max):
            codes("J")
            data.append(little: Int32(value))
        default:
            raw(0x8A, 8)
            data.append(little: Int64(value))
        }
    }

    public mutating func tuple(_ values: [Int]) {
        codes("(")
        for value in values { integer(value) }
        codes("t")
    }

    public mutating func orderedDictionary() {
        global("collections", "OrderedDict")
        codes(")R")
    }

    /// A tensor that views the storage `key`.
    public mutating func tensor(
        key: String, type: String, count: Int, offset: Int, shape: [Int], strides: [Int], asParameter: Bool
    ) {
        if asParameter {
            global("torch._utils", "_rebuild_parameter")
        }
        global("torch._utils", "_rebuild_tensor_v2")
        codes("((")
        text("storage")
        global("torch", type)
        text(key)
        text("cpu")
        integer(count)
        codes("tQ")
        integer(offset)
        tuple(shape)
        tuple(strides)
        raw(0x89)
        orderedDictionary()
        codes("tR")
        if asParameter {
            raw(0x88)
            orderedDictionary()
            raw(0x87)
            codes("R")
        }
    }
}
