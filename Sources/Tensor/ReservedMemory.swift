import Synchronization

/// Memory of a tensor that will be made later, by another thread: whatever the two threads do meanwhile, memory is asked
/// for in one order, and a run needs no more than the run before it.
public final class ReservedMemory: Sendable {
    private let storage: Mutex<Storage?>

    /// - Parameter count: elements.
    public init(count: Int) { storage = Mutex(Storage(count: count)) }

    /// The memory, for the first that asks for it, and for as many elements only.
    func take(_ count: Int) -> Storage? {
        storage.withLock { storage in storage?.count == count ? storage.take() : nil }
    }
}
