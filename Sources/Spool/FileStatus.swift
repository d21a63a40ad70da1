public import Foundation
import Glibc

/// What lstat(2) says of a name: enough to see whether a file stands still, and how old it is by its server's clock.
public struct FileStatus: Sendable, Hashable {
    public enum Kind: Sendable { case file, folder, other }

    public let kind: Kind
    public let size: Int
    public let inode: UInt64
    /// Seconds since 1970, by the clock of the file server.
    public let modified: Double

    /// Nil when there is nothing of that name, or it can't be seen.
    public init?(_ url: URL) { self.init(path: url.path) }

    /// The same; cheaper where many names of one folder are looked at.
    public init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        switch status.st_mode & Glibc.S_IFMT {
        case Glibc.S_IFREG: kind = .file
        case Glibc.S_IFDIR: kind = .folder
        default: kind = .other
        }
        size = Int(status.st_size)
        inode = UInt64(status.st_ino)
        modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
    }
}
