import Foundation

/// Tars as an attacker or a broken program would write them: every header field as asked, with a right checksum (ustar).
struct RawTar {
    var data = Data()

    mutating func add(
        _ name: String, type: Character = "0", link: String = "", size: Int? = nil, _ contents: String = ""
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size ?? contents.utf8.count, 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put(link, at: 157)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6), at: 148)
        header[154] = 0
        data.append(contentsOf: header)
        var body = Data(contents.utf8)
        body.append(Data(count: (512 - body.count % 512) % 512))
        data.append(body)
    }

    /// With the two zero blocks that end a tar.
    var ended: Data { data + Data(count: 1024) }
}
