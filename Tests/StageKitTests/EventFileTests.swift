import Foundation
import StageKit
import TestSupport
import Testing

/// Event files are read back by a reader of their own, from the formats' definitions.
@Suite struct EventFileTests {
    @Test func scalarsAreWrittenAsTensorBoardReadsThem() throws {
        let scratch = try TemporaryFolder()
        let progress = StageProgress(file: scratch.url.appending(path: "progress.json")) { _ in }
        progress.record(step: 1, ["loss": 2.5, "ap": 0.25])
        progress.record(step: 300, ["candidate-1/loss": -1e-3])
        progress.record(step: 301, [:])
        let folder = scratch.url.appending(path: "events")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 1 && names[0].wholeMatch(of: /events\.out\.tfevents\.\d+\.jdnas/) != nil)
        var reader = Reader(Array(try Data(contentsOf: folder.appending(path: names[0]))))
        let events = try reader.events()
        #expect(events.count == 3)
        #expect(events[0].version == "brain.Event:2")
        #expect(events[1].step == 1 && events[1].scalars == ["loss": 2.5, "ap": 0.25])
        #expect(events[2].step == 300 && events[2].scalars == ["candidate-1/loss": -1e-3])
        #expect(events.allSatisfy { abs($0.time - Date().timeIntervalSince1970) < 600 })
    }

    /// What is only to be looked at must not stop the work.
    @Test func anUnwritableFolderIsNoError() throws {
        let scratch = try TemporaryFolder()
        try scratch.write("a file", to: "events")
        let progress = StageProgress(file: scratch.url.appending(path: "progress.json")) { _ in }
        progress.record(step: 1, ["loss": 1])
        #expect(try String(contentsOf: scratch["events"], encoding: .utf8) == "a file")
    }
}

private struct Reader {
    struct Event {
        var time = 0.0
        var step = 0
        var version: String?
        var scalars: [String: Float] = [:]
    }

    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    mutating func take(_ count: Int) throws -> [UInt8] {
        try #require(bytes.count >= count)
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    static func number(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

    /// Bit by bit, against the writer's table.
    static func checksum(_ data: [UInt8]) -> UInt64 {
        var crc: UInt32 = 0xffff_ffff
        for byte in data {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = (crc >> 1) ^ (0x82f6_3b78 & (0 &- (crc & 1))) }
        }
        crc = ~crc
        return UInt64((crc >> 15 | crc << 17) &+ 0xa282_ead8)
    }

    mutating func events() throws -> [Event] {
        #expect(
            Self.checksum(Array("123456789".utf8))
                == UInt64((0xe306_9283 >> 15 | 0xe306_9283 << 17) &+ 0xa282_ead8 as UInt32))
        var events: [Event] = []
        while !bytes.isEmpty {
            let length = try take(8)
            #expect(Self.number(try take(4)) == Self.checksum(length))
            let data = try take(Int(Self.number(length)))
            #expect(Self.number(try take(4)) == Self.checksum(data))
            events.append(try Reader(data).event())
        }
        return events
    }

    private func event() throws -> Event {
        var event = Event()
        for (field, value) in try fields() {
            switch field {
            case 1: event.time = Double(bitPattern: Self.number(value))
            case 2: event.step = Int(Self.number(value))
            case 3: event.version = String(decoding: value, as: UTF8.self)
            case 5:
                for (_, summary) in try Reader(value).fields() {
                    let parts = Dictionary(uniqueKeysWithValues: try Reader(summary).fields())
                    let name = String(decoding: try #require(parts[1]), as: UTF8.self)
                    event.scalars[name] = Float(bitPattern: UInt32(Self.number(try #require(parts[2]))))
                }
            default: Issue.record("field \(field)")
            }
        }
        return event
    }

    /// A message's fields; numbers as little-endian bytes.
    private func fields() throws -> [(Int, [UInt8])] {
        var (reader, result) = (self, [(Int, [UInt8])]())
        while !reader.bytes.isEmpty {
            let key = try reader.varint()
            let value: [UInt8]
            switch key & 7 {
            case 0: value = withUnsafeBytes(of: try reader.varint().littleEndian) { Array($0) }
            case 1: value = try reader.take(8)
            case 5: value = try reader.take(4)
            default: value = try reader.take(Int(try reader.varint()))
            }
            result.append((Int(key >> 3), value))
        }
        return result
    }

    private mutating func varint() throws -> UInt64 {
        var (value, shift) = (UInt64(0), UInt64(0))
        while true {
            let byte = try take(1)[0]
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }
}
