import Basics
import Foundation

/// A job's identity: `<job name>-<yyyymmdd-hhmmss>-<6 hexadecimal digits>`, the time in UTC. Never used twice: the
/// folder `work/<job id>` is made with it, exclusively, and stays.
public struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    /// The job's name as the manifest has it.
    public var jobName: String { String(text.dropLast(JobID.suffixLength)) }

    /// Reads an id; nil if it is none.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count > JobID.suffixLength else { return nil }
        guard isLegalName(String(text.dropLast(JobID.suffixLength))) else { return nil }
        for (byte, shape) in zip(bytes.suffix(JobID.suffixLength), "-dddddddd-dddddd-hhhhhh".utf8) {
            switch shape {
            case UInt8(ascii: "-"): if byte != shape { return nil }
            case UInt8(ascii: "d"): if !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { return nil }
            default:
                let hex = Array("0123456789abcdef".utf8)
                if !hex.contains(byte) { return nil }
            }
        }
        self.text = text
    }

    /// A new id for a job of this name.
    public init(job: String, at time: Timestamp, random: UInt32) throws {
        let digits = String(random & 0xFF_FFFF, radix: 16)
        let text = "\(job)-\(time.compact)-\(String(repeating: "0", count: 6 - digits.count))\(digits)"
        guard let id = JobID(text) else {
            throw Failure(
                "'\(job)' cannot be a job's name", at: "job",
                remedy: "start with a letter or digit, then letters a-z, digits, '.', '_', '-'; at most 80 characters")
        }
        self = id
    }

    private static let suffixLength = 23

    public var description: String { text }
    public static func < (a: JobID, b: JobID) -> Bool { a.text < b.text }
}

extension JobID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = JobID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a job id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
