import Basics
import Foundation

/// Damage as it happens to files, and as people do it on purpose.
enum Mutator {
    /// What YAML, manifests, tar, zstd and zip give a meaning to.
    private static let words: [[UInt8]] =
        [
            "\n", "\r\n", "\t", " ", ": ", "- ", "? ", "{", "}", "[", "]", ",", "#", "&a ", "*a", "<<: ", "!!str ",
            "!x ",
            "|\n", ">\n", "\"", "'", "---\n", "...\n", "%YAML 1.1\n", "${", "}", "$${", "${env:HOME}", "${job}", "${a}",
            "job", "seed", "threads", "stages", "name", "uses", "needs", "with", "variables", "include", "file: ",
            "null",
            "~", "true", "yes", "-1", "1e999", "9223372036854775808", "0x10", "../", "/", "..", ".", "\u{85}",
            "\u{2028}",
            "\u{FEFF}", "\u{202E}", "é", "語", "👩‍🔬", "e\u{301}", "\0", "ustar", "././@LongLink", "path=", "size=",
            "PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}",
        ].map { Array($0.utf8) } + [
            [0xFF], [0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF, 0xFE], [0x28, 0xB5, 0x2F, 0xFD],
            [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0], [0x80, 0, 0, 0],
        ]

    static func mutated(_ input: Data, with other: Data, _ random: inout RandomStream) -> Data {
        var bytes = Array(input)
        for _ in 0...random.index(below: 6) { mutate(&bytes, Array(other), &random) }
        if random.index(below: 2) == 0 { TarHeaders.change(&bytes, &random) }
        // A tar's headers are read only if their sums fit.
        if random.index(below: 4) > 0 { TarHeaders.mendSums(&bytes) }
        return Data(bytes.prefix(1 << 17))
    }

    private static func mutate(_ bytes: inout [UInt8], _ other: [UInt8], _ random: inout RandomStream) {
        func place() -> Int { random.index(below: bytes.count + 1) }
        func span(_ list: [UInt8]) -> Range<Int> {
            let start = random.index(below: list.count + 1)
            let longest = random.index(below: 4) == 0 ? list.count : 64
            return start..<min(list.count, start + random.index(below: longest + 1))
        }
        switch random.index(below: 10) {
        case 0 where !bytes.isEmpty: bytes[random.index(below: bytes.count)] ^= 1 << UInt8(random.index(below: 8))
        case 1 where !bytes.isEmpty: bytes[random.index(below: bytes.count)] = UInt8(random.index(below: 256))
        case 2: bytes.removeSubrange(span(bytes))
        case 3: bytes.insert(contentsOf: bytes[span(bytes)], at: place())
        case 4: bytes.insert(contentsOf: other[span(other)], at: place())
        case 5:
            let target = span(bytes)
            bytes.replaceSubrange(target, with: other[span(other)])
        case 6: bytes.removeSubrange(place()...)
        case 7:
            let word = words[random.index(below: words.count)]
            let times = random.index(below: 20) == 0 ? random.index(below: 400) : 1
            bytes.insert(contentsOf: (0..<times).flatMap { _ in word }, at: place())
        default:
            let word = words[random.index(below: words.count)]
            let start = place()
            bytes.replaceSubrange(start..<min(bytes.count, start + word.count), with: word)
        }
    }
}
