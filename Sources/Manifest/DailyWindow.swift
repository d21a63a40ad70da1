public import Foundation
import Glibc

/// A part of each day, by the machine's local time: `22:00-06:00`. It may go over midnight.
public struct DailyWindow: Sendable, Hashable, CustomStringConvertible {
    /// Minutes since midnight: the first that belongs to it, and the first that does not any more.
    public let start, end: Int

    private static let day = 24 * 60

    /// Nil unless the text is `hh:mm-hh:mm` with two different times; `24:00` may be the end.
    public init?(_ text: String) {
        let times = text.split(separator: "-", omittingEmptySubsequences: false).map { DailyWindow.minutes($0) }
        guard times.count == 2, let start = times[0], let end = times[1], start < DailyWindow.day, start != end else {
            return nil
        }
        self.start = start
        self.end = end
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.trimmingCharacters(in: .whitespaces).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy(isDigit) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= day
        else { return nil }
        return hour * 60 + minute
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Whether a minute of the day belongs to it.
    public func contains(minute: Int) -> Bool {
        start < end ? (start..<end).contains(minute) : minute >= start || minute < end
    }

    /// Whether a moment does, by local time.
    public func contains(_ date: Date) -> Bool { contains(minute: DailyWindow.minute(of: date)) }

    private static func minute(of date: Date) -> Int {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        localtime_r(&seconds, &parts)
        return Int(parts.tm_hour) * 60 + Int(parts.tm_min)
    }

    public var description: String { "\(DailyWindow.text(start))-\(DailyWindow.text(end))" }

    private static func text(_ minutes: Int) -> String {
        func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(padded(minutes / 60)):\(padded(minutes % 60))"
    }
}

extension DailyWindow: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let window = DailyWindow(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no part of a day")
        }
        self = window
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
