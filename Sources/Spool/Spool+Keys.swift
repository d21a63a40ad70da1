import Basics

extension Spool {
    /// The job that has a key: one that waits, runs or is done. One that failed or was refused has none any more.
    ///
    /// - Parameter other: a job that does not count: the one that asks. Of two that were handed in, the earlier has the key.
    public func holder(of key: String, beside other: JobID? = nil) throws -> (id: JobID, folder: StateFolder)? {
        for folder in [StateFolder.done, .running, .queued, .inbox] {
            for id in try tokenIDs(in: folder) where id != other {
                if let token = try? token(id, in: folder), token.key == key { return (id, folder) }
            }
        }
        return nil
    }
}
