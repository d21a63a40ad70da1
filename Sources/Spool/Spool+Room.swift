import Basics
import Foundation

extension Spool {
    /// Bytes that the spool's disk has free for us (statvfs(3)); nil where that is not known.
    public func room() -> Int? { freeBytes(at: root.path) }
}
