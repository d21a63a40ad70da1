import Dispatch
import Synchronization

/// Makes items in the order of their numbers, each while the one before it is used, on a thread of its own: one ahead, no
/// more, so that the memory is bounded. What is ahead was made of its number alone, so that it is what would have been
/// made in time.
///
/// The thread works beside the one that uses the items: making one should not start threads.
public final class Prefetch<Item: Sendable> {
    public typealias Making = @Sendable () throws -> Item
    private let begin: (Int) -> Making
    private let end: Int
    private let queue = DispatchQueue(label: "prefetch")
    private var ahead: Pending?

    /// - Parameters:
    ///   - end: the number before which to stop.
    ///   - begin: called by the thread that uses the items; returns what makes the item of a number.
    public init(end: Int, begin: @escaping (Int) -> Making) {
        self.begin = begin
        self.end = end
    }

    /// Item `number`; begins the next one. Any number may be asked for, but only the one after the last is ready.
    public func item(_ number: Int) throws -> Item {
        let pending = ahead?.number == number ? ahead : nil
        ahead = nil
        let item = try (pending ?? start(number)).wait()
        ahead = number + 1 < end ? start(number + 1) : nil
        return item
    }

    private func start(_ number: Int) -> Pending {
        let pending = Pending(number)
        let make = begin(number)
        queue.async { pending.fulfil(Result { try make() }) }
        return pending
    }

    private final class Pending: Sendable {
        let number: Int
        private let done = DispatchSemaphore(value: 0)
        private let result = Mutex<Result<Item, any Error>?>(nil)

        init(_ number: Int) { self.number = number }

        func fulfil(_ value: sending Result<Item, any Error>) {
            result.withLock { $0 = value }
            done.signal()
        }

        func wait() throws -> Item {
            done.wait()
            guard let value = result.withLock({ $0 }) else { preconditionFailure("signalled, but not fulfilled") }
            return try value.get()
        }
    }
}
