public import Foundation

/// A zip of uncompressed members, as `torch.save` writes it: good ones, and ones whose directory lies.
public struct StoredZip {
    private struct Entry {
        let path: String
        let data: Data
        let declaredSize: UInt32
        let method: UInt16
    }

    private var entries: [Entry] = []

    public init() {}

    /// - Parameters:
    ///   - declaredSize: what the headers say of the size before compression; by default the truth.
    ///   - method: how the headers say that the data is compressed: 0 not at all, 8 deflated.
    public mutating func add(_ path: String, _ data: Data, declaredSize: Int? = nil, method: UInt16 = 0) {
        entries.append(
            Entry(path: path, data: data, declaredSize: UInt32(declaredSize ?? data.count), method: method))
    }

    public mutating func add(_ path: String, _ text: String) { add(path, Data(text.utf8)) }

    /// The bytes: each member behind its local header, the central directory, its end record (APPNOTE 4.3).
    public var data: Data {
        var data = Data()
        var directory = Data()
        for entry in entries {
            let offset = UInt32(data.count)
            let name = Data(entry.path.utf8)
            // Version needed, flags, method, time, date, checksum, both sizes, lengths of the name and of the rest.
            var common = Data()
            common.append(little: UInt16(20))
            common.append(little: UInt16(0))
            common.append(little: entry.method)
            common.append(little: UInt32(0))
            common.append(little: checksum(entry.data))
            common.append(little: UInt32(entry.data.count))
            common.append(little: entry.declaredSize)
            common.append(little: UInt16(name.count))
            common.append(little: UInt16(0))
            data += Data([0x50, 0x4B, 0x03, 0x04]) + common + name + entry.data
            directory += Data([0x50, 0x4B, 0x01, 0x02, 20, 0]) + common
            // Comment, disk, internal and external attributes, offset.
            directory += Data(repeating: 0, count: 10)
            directory.append(little: offset)
            directory += name
        }
        let start = UInt32(data.count)
        data += directory
        data += Data([0x50, 0x4B, 0x05, 0x06, 0, 0, 0, 0])
        data.append(little: UInt16(entries.count))
        data.append(little: UInt16(entries.count))
        data.append(little: UInt32(directory.count))
        data.append(little: start)
        data.append(little: UInt16(0))
        return data
    }

    /// CRC-32 with the reflected polynomial EDB88320.
    private func checksum(_ data: Data) -> UInt32 {
        ~data.reduce(~UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}

extension Data {
    /// Appends an integer's bytes, the lowest first.
    public mutating func append(little value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
