import Foundation
import Glibc

extension Spool {
    /// Bytes that the spool's disk has free for us (statvfs(3)); nil where that is not known.
    public func room() -> Int? {
        var found = statvfs()
        guard statvfs(root.path, &found) == 0 else { return nil }
        return Int(found.f_bavail) * Int(found.f_frsize)
    }
}
