import Synchronization

/// A tensor's elements. Shared by copies of the tensor; written only while one tensor alone holds it.
final class Storage: @unchecked Sendable {
    let floats: UnsafeMutablePointer<Float>
    let count: Int
    /// Bytes of the buffer.
    private let size: Int
    /// What was computed from the elements, made when first wanted and dropped when the elements change.
    private let derived = Mutex<[Derived: Derivation]>([:])

    /// What can be kept with the elements that it was computed from.
    enum Derived: Hashable {
        /// In the order that a convolution reads.
        case packed(layout: UInt64)
        /// Each row times a factor that follows from these.
        case scaled(by: ObjectIdentifier, ObjectIdentifier, eps: Float)
    }

    private struct Derivation {
        let storage: Storage
        /// What the key names: kept, so that no other takes its place, and copied before it changes.
        let sources: [Storage]
    }

    init(count: Int) {
        self.count = count
        let (memory, size) = BufferPool.allocate(count * MemoryLayout<Float>.stride)
        floats = memory.bindMemory(to: Float.self, capacity: max(count, 1))
        self.size = size
    }

    deinit { BufferPool.release(UnsafeMutableRawPointer(floats), size: size) }

    func derived(_ key: Derived, from sources: [Storage] = [], make: () -> Storage) -> Storage {
        derived.withLock { known in
            if let known = known[key] { return known.storage }
            let made = make()
            known[key] = Derivation(storage: made, sources: sources)
            return made
        }
    }

    func dropDerived() {
        derived.withLock { if !$0.isEmpty { $0 = [:] } }
    }
}
