public import Basics

/// `bundle.json`, a bundle's first member: what it is about, and every other member with its size and digest.
public struct BundleManifest: Sendable, Hashable {
    public static let format = "jdnas-bundle/1"
    /// Where members are hard links to others, which readers of the first format refuse.
    public static let formatWithCopies = "jdnas-bundle/2"
    public static let fileName = "bundle.json"

    public struct Member: Sendable, Hashable {
        public var path: String
        /// Bytes.
        public var size: Int
        public var sha256: Digest
    }

    /// Job, state and dates: whatever the writer has to say.
    public var about: JSON
    public var members: [Member]
    var hasCopies: Bool

    var json: JSON {
        [
            "format": .string(hasCopies ? Self.formatWithCopies : Self.format), "about": about,
            "members": .array(
                members.map {
                    ["path": .string($0.path), "size": .integer($0.size), "sha256": .string($0.sha256.hex)]
                }),
        ]
    }

    init(about: JSON, members: [Member], hasCopies: Bool) {
        self.about = about
        self.members = members
        self.hasCopies = hasCopies
    }

    init(_ json: JSON, at place: String) throws {
        func wrong(_ what: String) -> Failure {
            Failure(
                "this is not a bundle: \(what)", at: place,
                remedy: "check that it is the file you meant (outbox/*.tar.zst)")
        }
        guard let format = json["format"]?.string else { throw wrong("bundle.json has no format") }
        guard [Self.format, Self.formatWithCopies].contains(format) else {
            throw wrong("its format is '\(format)', not '\(Self.format)' or '\(Self.formatWithCopies)'")
        }
        guard let list = json["members"]?.array else { throw wrong("bundle.json lists no members") }
        about = json["about"] ?? .null
        hasCopies = format == Self.formatWithCopies
        members = try list.enumerated().map { index, member in
            guard let path = member["path"]?.string, let size = member["size"]?.integer,
                let digest = member["sha256"]?.string.flatMap({ Digest(hex: $0) })
            else { throw wrong("members[\(index)] of bundle.json lacks its path, size or digest") }
            return Member(path: path, size: size, sha256: digest)
        }
    }
}
