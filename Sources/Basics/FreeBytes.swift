import Glibc

/// Bytes that the disk of a file or folder has free for us (statvfs(3)); nil where that is not known, as of file systems without
/// a limit, which say that they have no blocks at all.
public func freeBytes(at path: String) -> Int? {
    var found = statvfs()
    guard statvfs(path, &found) == 0, found.f_blocks > 0 else { return nil }
    let (bytes, isOver) = UInt(found.f_bavail).multipliedReportingOverflow(by: UInt(found.f_frsize))
    return isOver ? Int.max : Int(clamping: bytes)
}
