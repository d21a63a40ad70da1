/// The paths that a member may have: nothing that leads out of the folder it is unpacked to, or garbles a terminal.
public enum MemberPath {
    /// Why `path` must not be a member's path, or nil if it may.
    public static func problem(with path: String) -> String? {
        if path.isEmpty { return "has an empty path" }
        if path.hasPrefix("/") { return "has an absolute path" }
        if path.utf8.count > 4000 { return "has a path of more than 4000 bytes" }
        if path.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
            return "has a control character in its path"
        }
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            if part == ".." { return "leads out of the folder ('..')" }
            if part.isEmpty || part == "." { return "has an empty part or '.' in its path" }
            if part.utf8.count > 255 { return "has a name of more than 255 bytes" }
        }
        return nil
    }

    /// The order of members: by their bytes, the same in every locale.
    static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
