import Synchronization

/// A tensor's elements. Shared by copies of the tensor; written only while one tensor alone holds it.
final class Storage: @unchecked Sendable {
    let floats: UnsafeMutablePointer<Float>
    let count: Int
    /// The same elements in orders that convolutions want, made when first wanted and dropped when the elements change.
    private let packed = Mutex<[(key: UInt64, storage: Storage)]>([])

    init(count: Int) {
        self.count = count
        floats = BufferPool.allocate(count * MemoryLayout<Float>.stride).bindMemory(
            to: Float.self, capacity: max(count, 1))
    }

    deinit { BufferPool.release(UnsafeMutableRawPointer(floats), count * MemoryLayout<Float>.stride) }

    func packed(_ key: UInt64, make: () -> Storage?) -> Storage? {
        packed.withLock { packed in
            if let known = packed.first(where: { $0.key == key }) { return known.storage }
            guard let made = make() else { return nil }
            packed.append((key, made))
            return made
        }
    }

    func dropPacked() {
        packed.withLock { if !$0.isEmpty { $0 = [] } }
    }
}
