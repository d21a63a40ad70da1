import CCrypto
public import Foundation

/// A SHA-256 digest (FIPS 180-4), computed by libcrypto.
public struct Digest: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hex: String

    /// The digest of some bytes.
    public init(of data: Data) {
        var hasher = SHA256Stream()
        hasher.update(data)
        self = hasher.finish()
    }

    /// The digest of a text's UTF-8 bytes.
    public init(of text: String) { self.init(of: Data(text.utf8)) }

    /// The digest of a file's contents, read in pieces.
    public init(ofFile url: URL) throws {
        let handle: FileHandle
        do { handle = try FileHandle(forReadingFrom: url) } catch {
            throw Failure(
                "cannot open the file", at: url.path, remedy: "check that it exists and can be read", cause: .system)
        }
        defer { try? handle.close() }
        var hasher = SHA256Stream()
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hasher.update(piece) }
        self = hasher.finish()
    }

    /// A digest written as 64 hexadecimal digits, or nil if it isn't one.
    public init?(hex: String) {
        let hex = hex.lowercased()
        guard hex.utf8.count == 64, hex.allSatisfy(\.isHexDigit) else { return nil }
        self.hex = hex
    }

    init(bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The first 12 digits, for names and messages.
    public var short: String { String(hex.prefix(12)) }
    public var description: String { hex }
    public static func < (a: Digest, b: Digest) -> Bool { a.hex < b.hex }
}

extension Digest: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = Digest(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a SHA-256 digest")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// SHA-256 of bytes that arrive in pieces.
public struct SHA256Stream: ~Copyable {
    private let context: OpaquePointer

    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            // Out of memory, or a libcrypto without SHA-256: nothing can be trusted from here on.
            preconditionFailure("libcrypto cannot start SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ data: Data) {
        data.withUnsafeBytes { update(bytes: $0) }
    }

    public mutating func update(bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        EVP_DigestUpdate(context, base, bytes.count)
    }

    /// The digest of all that was given. The stream must not be used afterwards.
    public mutating func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        EVP_DigestFinal_ex(context, &bytes, &count)
        return Digest(bytes: bytes)
    }
}
