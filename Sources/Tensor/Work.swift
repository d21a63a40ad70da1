import Synchronization

/// Multiply-accumulates that convolutions and matrix products of this process have done: what a pass really executes.
public enum Work {
    private static let done = Atomic<Int>(0)

    public static var multiplyAccumulates: Int { done.load(ordering: .relaxed) }

    static func count(_ products: Int) { done.add(products, ordering: .relaxed) }
}
