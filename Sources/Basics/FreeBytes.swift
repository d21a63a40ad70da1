import Glibc

/// Bytes that the disk of a file or folder has free for us (statvfs(3)); nil where that is not known.
public func freeBytes(at path: String) -> Int? {
    var found = statvfs()
    guard statvfs(path, &found) == 0 else { return nil }
    return Int(found.f_bavail) * Int(found.f_frsize)
}
