import Foundation

/// The bytes of a pickle, read from the front.
struct PickleBytes {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ data: Data) { bytes = [UInt8](data) }

    var left: Int { bytes.count - position }

    /// The next bytes; nil where the pickle has fewer.
    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= left else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A little-endian integer of 1 to 8 bytes, without a sign; nil also for one that an Int doesn't hold.
    mutating func unsigned(_ count: Int) -> Int? {
        take(count).flatMap { Int(exactly: $0.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
    }

    /// A little-endian integer of 0 to 8 bytes in two's complement.
    mutating func signed(_ count: Int) -> Int? {
        take(count).map { slice in
            let start: Int64 = slice.last.map { $0 & 0x80 != 0 } == true ? -1 : 0
            return Int(slice.reversed().reduce(start) { $0 << 8 | Int64($1) })
        }
    }

    /// UTF-8; nil where it is none.
    mutating func text(_ count: Int) -> String? { take(count).flatMap { String(validating: $0, as: UTF8.self) } }

    /// A line without its end.
    mutating func line() -> String? {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let text = text(end - position)
        position += 1
        return text
    }
}
