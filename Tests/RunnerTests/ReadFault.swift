import Basics
import Spool

/// Files whose names contain a text cannot be read, as if they were somebody else's. (Root may read everything, so that a
/// mode of 000 proves nothing.)
struct ReadFault: FileFaults {
    let text: String

    func before(_ call: FileCall, at path: String) throws {
        if call == .read, path.contains(text) {
            throw Failure("cannot read the file", at: path, remedy: "check its permissions", cause: .system)
        }
    }

    func after(_ call: FileCall, at path: String) throws {}
}
