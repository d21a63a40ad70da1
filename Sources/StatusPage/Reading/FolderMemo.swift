import Foundation
import Spool

/// Remembers whether a folder's names may have changed since they were listed, so that thousands of them are not listed every
/// few seconds.
///
/// A folder's time changes with every name that comes or goes. A change within the same tick of the file system's clock as
/// the listing would go unseen: so a listing is relied upon only when the time had stood still for a while before it.
struct FolderMemo {
    /// Seconds; the coarsest clocks of file systems tick every two.
    static let still = 2.5

    private var status: FileStatus?
    private var since = 0.0
    private var isSettled = false

    /// What `list` gives; nil if nothing can have changed since it was last called.
    mutating func changed<Result>(_ folder: URL, at now: Double, _ list: () throws -> Result) rethrows -> Result? {
        let found = FileStatus(folder)
        if found == nil || found != status {
            (status, since, isSettled) = (found, now, false)
        } else if isSettled {
            return nil
        } else {
            isSettled = now - since >= FolderMemo.still
        }
        do { return try list() } catch {
            status = nil
            throw error
        }
    }
}
