import Basics
import Foundation

/// Numbers over steps as TensorBoard reads them: `events/events.out.tfevents.<seconds>.jdnas` in the attempt's folder, beside the
/// artifact: it holds times, which no artifact may.
///
/// A file is a sequence of records (length, masked CRC-32C of the length, an `Event` protobuf, its masked CRC-32C), as
/// TensorFlow's record_writer.h and event.proto define them.
final class EventFile: Sendable {
    private let folder: URL
    private let file = AppendedFile()

    init(folder: URL) { self.folder = folder }

    func add(step: Int, _ scalars: [String: Double], at time: Double = Date().timeIntervalSince1970) {
        guard !scalars.isEmpty else { return }
        let event = EventRecord.scalars(scalars.sorted { $0.key < $1.key }, step: step, time: time)
        file.append(EventRecord.framed(event)) {
            (
                folder.appending(path: "events.out.tfevents.\(Int(time)).jdnas"),
                EventRecord.framed(EventRecord.version(time: time))
            )
        }
    }
}

/// The bytes of a record.
enum EventRecord {
    static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = bytes(UInt64(data.count))
        return length + bytes(masked(crc32c(length))) + data + bytes(masked(crc32c(data)))
    }

    /// `Event { wall_time = 1; file_version = 3 }`
    static func version(time: Double) -> [UInt8] {
        key(1, .fixed64) + bytes(time.bitPattern) + field(3, Array("brain.Event:2".utf8))
    }

    /// `Event { wall_time = 1; step = 2; summary = 5 { value = 1 { tag = 1; simple_value = 2 } } }`
    static func scalars(_ scalars: [(key: String, value: Double)], step: Int, time: Double) -> [UInt8] {
        let summary = scalars.flatMap { name, value in
            field(1, field(1, Array(name.utf8)) + key(2, .fixed32) + bytes(Float(value).bitPattern))
        }
        return key(1, .fixed64) + bytes(time.bitPattern) + key(2, .varint) + varint(UInt64(bitPattern: Int64(step)))
            + field(5, summary)
    }

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    private static func key(_ number: UInt64, _ type: WireType) -> [UInt8] { varint(number << 3 | type.rawValue) }

    private static func field(_ number: UInt64, _ contents: [UInt8]) -> [UInt8] {
        key(number, .bytes) + varint(UInt64(contents.count)) + contents
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, result) = (value, [UInt8]())
        while rest >= 0x80 {
            result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return result + [UInt8(rest)]
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func masked(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xa282_ead8 }

    /// Castagnoli's polynomial, reflected.
    static func crc32c(_ data: [UInt8]) -> UInt32 {
        ~data.reduce(~0) { crc, byte in table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
    }
}
