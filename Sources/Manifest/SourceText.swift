public import Foundation

/// The text of a YAML file, to show the line that a diagnostic is about.
public final class SourceText: Sendable {
    /// The file as the user named it.
    public let name: String
    /// Without a byte order mark.
    let bytes: [UInt8]
    /// The offset of each line's first byte.
    private let starts: [Int]

    /// Lines end where YAML's do: at CR, LF, CR LF, and Unicode's three line separators (YAML 1.1, 4.1.4), so that lines
    /// count as libyaml counts them.
    public init(_ data: Data, name: String) {
        self.name = name
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        bytes = Array(data.starts(with: mark) ? data.dropFirst(mark.count) : data)
        starts = bytes.withUnsafeBufferPointer { bytes in
            var starts = [0]
            var offset = 0
            while offset < bytes.count {
                let length = SourceText.breakLength(bytes, at: offset)
                offset += max(1, length)
                if length > 0 { starts.append(offset) }
            }
            return starts
        }
    }

    /// How many bytes the line break at an offset has; 0 if there is none.
    private static func breakLength(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int {
        func next(_ distance: Int) -> UInt8 { offset + distance < bytes.count ? bytes[offset + distance] : 0 }
        switch bytes[offset] {
        case 0x0A: return 1
        case 0x0D: return next(1) == 0x0A ? 2 : 1
        case 0xC2: return next(1) == 0x85 ? 2 : 0
        case 0xE2: return next(1) == 0x80 && (next(2) == 0xA8 || next(2) == 0xA9) ? 3 : 0
        default: return 0
        }
    }

    /// The place of a byte. One in the middle of a character has that character's place.
    func mark(ofByte offset: Int) -> Mark {
        let line = starts.partitioningIndex { $0 > offset } - 1
        let column = bytes[starts[line]..<min(offset, bytes.count)].count { $0 & 0xC0 != 0x80 }
        return Mark(line: line + 1, column: column + 1, source: self)
    }

    /// The bytes of a line, without its break; nil past the end.
    func line(_ number: Int) -> ArraySlice<UInt8>? {
        guard starts.indices.contains(number - 1) else { return nil }
        let start = starts[number - 1]
        guard starts.indices.contains(number) else { return bytes[start...] }
        let end = starts[number]
        let ending: Int =
            switch bytes[end - 1] {
            case 0x0A: end - start >= 2 && bytes[end - 2] == 0x0D ? 2 : 1
            case 0x0D: 1
            case 0x85: 2
            default: 3
            }
        return bytes[start..<(end - ending)]
    }

    /// The line of a mark with a caret under its column, as two lines; nil where there is nothing to see.
    func excerpt(at mark: Mark) -> String? {
        guard let line = line(mark.line), line.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { return nil }
        return Excerpt(line, column: mark.column).text
    }
}

extension Collection {
    /// The first index whose element fulfils a condition that holds for all elements after it (binary search).
    fileprivate func partitioningIndex(_ belongsBehind: (Element) -> Bool) -> Index {
        var start = startIndex
        var count = distance(from: startIndex, to: endIndex)
        while count > 0 {
            let half = count / 2
            let middle = index(start, offsetBy: half)
            if belongsBehind(self[middle]) {
                count = half
            } else {
                start = index(after: middle)
                count -= half + 1
            }
        }
        return start
    }
}
