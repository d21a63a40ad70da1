/// A dictionary that gives up the entries not used for longest, a quarter at a time, when it is full.
struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var entries: [Key: (value: Value, used: UInt64)] = [:]
    private var clock: UInt64 = 0
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    subscript(key: Key) -> Value? {
        mutating get {
            guard let index = entries.index(forKey: key) else { return nil }
            clock += 1
            entries.values[index].used = clock
            return entries.values[index].value
        }
        set {
            clock += 1
            entries[key] = newValue.map { ($0, clock) }
            guard entries.count > capacity else { return }
            let ages = entries.values.map(\.used).sorted()
            let limit = ages[entries.count - capacity * 3 / 4]
            entries = entries.filter { $0.value.used >= limit }
        }
    }
}
