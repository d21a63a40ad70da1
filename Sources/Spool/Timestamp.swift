public import Foundation
import Glibc
import Synchronization

/// A moment in UTC with milliseconds, written `2025-11-24T10:06:00.123Z`. Texts sort as times do.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970.
    public let milliseconds: Int

    public static var now: Timestamp { Timestamp(Date()) }

    /// Now, or a moment later: no two of a process are equal, so that what it did first sorts first.
    public static func next() -> Timestamp {
        latest.withLock { latest in
            latest = max(latest + 1, Timestamp.now.milliseconds)
            return Timestamp(milliseconds: latest)
        }
    }

    /// The earliest moment after this one.
    var successor: Timestamp { Timestamp(milliseconds: milliseconds + 1) }

    private static let latest = Mutex(0)

    private init(milliseconds: Int) { self.milliseconds = milliseconds }

    public init(_ date: Date) { milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded(.down)) }

    public init?(_ text: String) {
        let digits = text.utf8.map { Int($0) - 48 }
        let shape = Array("dddd-dd-ddTdd:dd:dd.dddZ".utf8)
        guard digits.count == shape.count else { return nil }
        for (byte, want) in zip(text.utf8, shape) {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            guard want == UInt8(ascii: "d") ? isDigit : byte == want else { return nil }
        }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        var parts = tm()
        parts.tm_year = Int32(number(0..<4) - 1900)
        parts.tm_mon = Int32(number(5..<7) - 1)
        parts.tm_mday = Int32(number(8..<10))
        parts.tm_hour = Int32(number(11..<13))
        parts.tm_min = Int32(number(14..<16))
        parts.tm_sec = Int32(number(17..<19))
        milliseconds = timegm(&parts) * 1000 + number(20..<23)
    }

    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// Seconds from an earlier moment to this one.
    public func seconds(since other: Timestamp) -> Double { Double(milliseconds - other.milliseconds) / 1000 }

    public var description: String { "\(format("%Y-%m-%dT%H:%M:%S")).\(padded(milliseconds % 1000))Z" }

    /// `yyyymmdd-hhmmss`, for names.
    public var compact: String { format("%Y%m%d-%H%M%S") }

    private func format(_ pattern: String) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 40)
        let count = strftime(&buffer, buffer.count, pattern, &parts)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func padded(_ value: Int) -> String { value < 10 ? "00\(value)" : value < 100 ? "0\(value)" : "\(value)" }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not a time like 2025-01-31T00:00:00.000Z")
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
