import Devices
import Glibc
import Synchronization

/// Memory of tensors. Large buffers are kept for the next tensor of about that size: asking the system anew for each
/// costs a page fault for every 4 KiB, as much time as the operation that fills it.
public enum BufferPool {
    public struct Usage: Sendable, Hashable {
        /// Bytes that tensors hold now.
        public var live = 0
        /// The most bytes that tensors held at once since the start, or since `resetPeak()`.
        public var peak = 0
        /// Bytes kept for later tensors.
        public var kept = 0
        /// How often a buffer that is worth keeping (32 KiB and more) had to come from the device since the start.
        public var acquisitions = 0
    }

    public static var usage: Usage { state.withLock { $0.usage } }
    public static func resetPeak() { state.withLock { $0.usage.peak = $0.usage.live } }

    /// The most bytes that are kept unused. Unless set: 1 GiB, or what was in use at the peak and is not now, so that the
    /// process grows no larger than it had to be already.
    public static var keptLimit: Int {
        get { state.withLock { $0.limit } }
        set { state.withLock { $0.setLimit(newValue) }.forEach(free) }
    }

    /// Memory for `bytes`, and its size, which `release` has to be told.
    static func allocate(_ bytes: Int) -> (memory: UnsafeMutableRawPointer, size: Int) {
        let size = roundedUp(bytes)
        let kept = state.withLock { $0.take(size) }
        if let kept, let memory = UnsafeMutableRawPointer(bitPattern: kept.address) { return (memory, kept.size) }
        if let memory = Compute.device.allocate(size) { return (memory, size) }
        state.withLock { $0.shrink(to: 0) }.forEach(free)
        guard let memory = Compute.device.allocate(size) else {
            let text = "out of memory: \(size) more bytes wanted beside \(usage.live) in use\n"
            _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            abort()
        }
        return (memory, size)
    }

    static func release(_ memory: UnsafeMutableRawPointer, size: Int) {
        state.withLock { $0.put(UInt(bitPattern: memory), size) }.forEach(free)
    }

    private static func free(_ address: UInt) {
        if let memory = UnsafeMutableRawPointer(bitPattern: address) { Compute.device.free(memory) }
    }

    /// Eight sizes between a power of two and the next, so that at most an eighth is wasted.
    private static func roundedUp(_ bytes: Int) -> Int {
        let least = max(bytes, 64)
        guard least > 4096 else { return (least + 63) & ~63 }
        let step = 1 << (Int.bitWidth - 1 - least.leadingZeroBitCount - 3)
        return (least + step - 1) & ~(step - 1)
    }

    // Buffers are kept as addresses, which may cross threads.
    private struct State: Sendable {
        var usage = Usage()
        var limitSet: Int?
        var limit: Int { limitSet ?? max(1 << 30, usage.peak - usage.live) }
        var buffers: [Int: (memory: [UInt], used: UInt64)] = [:]
        var clock: UInt64 = 0

        /// The kept buffer that fits best, if one fits: a somewhat larger one beats a new one, which would stay beside it.
        mutating func take(_ wanted: Int) -> (address: UInt, size: Int)? {
            var size = wanted
            var address: UInt?
            if wanted >= 32_768 {
                let sizes = buffers.keys.filter { $0 >= wanted && $0 <= wanted + wanted / 2 }
                if let best = sizes.min(), let memory = buffers[best]?.memory.popLast() {
                    (address, size) = (memory, best)
                    if buffers[best]?.memory.isEmpty ?? true { buffers[best] = nil }
                    usage.kept -= best
                }
            }
            if address == nil, wanted >= 32_768 { usage.acquisitions += 1 }
            usage.live += size
            usage.peak = max(usage.peak, usage.live)
            return address.map { ($0, size) }
        }

        /// Keeps the buffer where that is worth while; returns what is to be freed instead.
        mutating func put(_ memory: UInt, _ size: Int) -> [UInt] {
            usage.live -= size
            guard size >= 32_768 else { return [memory] }
            clock += 1
            buffers[size, default: ([], 0)].memory.append(memory)
            buffers[size]?.used = clock
            usage.kept += size
            return shrink(to: limit)
        }

        mutating func setLimit(_ bytes: Int) -> [UInt] {
            limitSet = max(bytes, 0)
            return shrink(to: limit)
        }

        /// Gives up buffers of the sizes that were not wanted for longest.
        mutating func shrink(to most: Int) -> [UInt] {
            var freed: [UInt] = []
            while usage.kept > most, let oldest = buffers.min(by: { $0.value.used < $1.value.used })?.key {
                if let memory = buffers[oldest]?.memory.popLast() {
                    freed.append(memory)
                    usage.kept -= oldest
                }
                if buffers[oldest]?.memory.isEmpty ?? true { buffers[oldest] = nil }
            }
            return freed
        }
    }

    private static let state = Mutex(State())
}
