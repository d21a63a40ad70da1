import Dispatch
import Synchronization

/// Makes each batch while the step before it runs, on a thread of its own: one batch ahead, no more, so that the memory
/// is bounded. A batch is a function of its step, so that what is made ahead is what would have been made in time.
final class BatchPrefetch {
    private let loader: BatchLoader
    private let end: Int
    private let queue = DispatchQueue(label: "batch-loader")
    private var ahead: Pending?

    /// - Parameter end: the step before which to stop.
    init(_ loader: BatchLoader, end: Int) {
        self.loader = loader
        self.end = end
    }

    func batch(step: Int) throws -> SampleBatch {
        let wanted = ahead?.step == step ? ahead : nil
        let pending = wanted ?? start(step)
        let batch = try pending.wait()
        ahead = step + 1 < end ? start(step + 1) : nil
        return batch
    }

    private func start(_ step: Int) -> Pending {
        let pending = Pending(step: step)
        queue.async { [loader] in pending.fulfil(Result { try loader.batch(step: step) }) }
        return pending
    }

    private final class Pending: Sendable {
        let step: Int
        private let done = DispatchSemaphore(value: 0)
        private let result = Mutex<Result<SampleBatch, any Error>?>(nil)

        init(step: Int) { self.step = step }

        func fulfil(_ value: sending Result<SampleBatch, any Error>) {
            result.withLock { $0 = value }
            done.signal()
        }

        func wait() throws -> SampleBatch {
            done.wait()
            // Fulfilled: the semaphore says so.
            return try result.withLock { try $0?.get() ?? SampleBatch() }
        }
    }
}
