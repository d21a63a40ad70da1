import Basics

/// The headers of a tar (pax(1), "ustar Interchange Format"): blocks of 512 bytes.
enum TarHeaders {
    /// Fields, and what may stand in them.
    private static let fields: [(place: Range<Int>, values: [[UInt8]])] = [
        // What it is: files, links, devices, folders, and all kinds of extended headers.
        (156..<157, "01234567xgLKSDNVMA?\0".utf8.map { [$0] }),
        // How large: octal, or binary with the highest bit set.
        (
            124..<136,
            ["0", "1", "777", "1000", "00000001001", "77777777777", "-1", "9", "", "1 2"].map { Array($0.utf8) }
                + [[0x80] + Array(repeating: 0, count: 10) + [5], Array(repeating: 0xFF, count: 12)]
        ),
        (0..<100, ["", "a.txt", "/a", "../a", "a/../../b", "./a", "a//b", "a/", "."].map { Array($0.utf8) }),
        (157..<257, ["", "a.txt", "/etc/hosts", "../../a", "data"].map { Array($0.utf8) }),
        (345..<500, ["", "..", "/", "data"].map { Array($0.utf8) }),
        // GNU's tar and old ones say it otherwise.
        (257..<265, ["ustar  ", "ustar\u{0}00", "ustar\u{0}11"].map { Array($0.utf8) }),
    ]

    /// Where they begin.
    private static func places(_ bytes: [UInt8]) -> [Int] {
        stride(from: 0, to: bytes.count - 511, by: 512).filter {
            bytes[($0 + 257)..<($0 + 262)].elementsEqual("ustar".utf8)
        }
    }

    /// Changes one field of one of them.
    static func change(_ bytes: inout [UInt8], _ random: inout RandomStream) {
        let found = places(bytes)
        guard !found.isEmpty else { return }
        let header = found[random.index(below: found.count)]
        // What it is decides most.
        let (place, values) = fields[random.index(below: 2) == 0 ? 0 : random.index(below: fields.count)]
        let value = values[random.index(below: values.count)]
        let padding = [UInt8](repeating: 0, count: place.count - value.count)
        bytes.replaceSubrange((header + place.lowerBound)..<(header + place.upperBound), with: value + padding)
    }

    /// Sets the sum of each.
    static func mendSums(_ bytes: inout [UInt8]) {
        for block in places(bytes) {
            for index in 148..<156 { bytes[block + index] = 0x20 }
            let sum = bytes[block..<(block + 512)].reduce(0) { $0 + Int($1) }
            let digits = String(sum, radix: 8)
            let text = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
            bytes.replaceSubrange((block + 148)..<(block + 156), with: Array(text.utf8))
        }
    }
}
