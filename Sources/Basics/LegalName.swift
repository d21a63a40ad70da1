/// Whether a text may name a job or a stage: `[a-z0-9][a-z0-9._-]*`, at most 80 characters. Such a name is also a safe file
/// name, with room for what is put before and after it.
public func isLegalName(_ text: String) -> Bool {
    func plain(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    guard let first = text.utf8.first, plain(first), text.utf8.count <= 80 else { return false }
    return text.utf8.allSatisfy { plain($0) || "._-".utf8.contains($0) }
}
