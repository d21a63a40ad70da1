import Glibc

/// Something that went wrong, told so that a user can act on it: what happened, where, and what mends it.
public struct Failure: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    /// Who can mend it.
    public enum Cause: String, Sendable, Codable {
        /// The user's input: a manifest, an image, an annotation, weights, an argument.
        case input
        /// The machine: a full disk, a missing file, a failed system call.
        case system
        /// The work was stopped on request.
        case cancelled
        /// A defect of this program.
        case defect
    }

    public var cause: Cause
    /// One sentence, without a full stop.
    public var what: String
    /// `file`, `file:line:column`, a stage, or a tensor's name.
    public var place: String?
    /// What the user can do about it.
    public var remedy: String?

    public init(_ what: String, at place: String? = nil, remedy: String? = nil, cause: Cause = .input) {
        self.cause = cause
        self.what = what
        self.place = place
        self.remedy = remedy
    }

    /// A failed system call, with the text of `errno`.
    public static func system(_ call: String, at place: String, errno code: Int32, remedy: String? = nil) -> Failure {
        Failure("\(call): \(String(cString: strerror(code)))", at: place, remedy: remedy, cause: .system)
    }

    /// Names come from files: characters that would steer a terminal are replaced.
    public var description: String {
        var text = place.map { "\($0): error: \(what)" } ?? "error: \(what)"
        if let remedy { text += "\n  remedy: \(remedy)" }
        return text.withoutControls
    }
}

extension String {
    /// Control characters but line feeds and tabs replaced.
    public var withoutControls: String {
        func steers(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
        }
        guard unicodeScalars.contains(where: steers) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { steers($0) ? "\u{FFFD}" : $0 }))
    }
}
