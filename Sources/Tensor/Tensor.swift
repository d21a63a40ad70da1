import Devices

/// An array of float32 with a shape. A value: copies share their elements until one of them is written.
///
/// Images (four dimensions) are N, C, H, W to every reader; in memory they lie as `[N][C / block][H][W][block]`.
/// Tensors of any other rank are row-major, and so is `array`, whatever the block.
public struct Tensor: Sendable {
    public let shape: [Int]
    /// Channels that lie side by side; divides C. 1 for ranks other than four.
    public let block: Int
    var storage: Storage

    public var count: Int { storage.count }

    /// A tensor whose elements are still to be written, all of them.
    init(unwritten shape: [Int], block: Int = 1) {
        precondition(shape.allSatisfy { $0 >= 0 }, "a shape has no negative sides: \(shape)")
        precondition(
            block == 1 || (shape.count == 4 && block > 1 && shape[1] % block == 0),
            "blocks of \(block) channels do not fit the shape \(shape)")
        self.shape = shape
        self.block = block
        storage = Storage(count: shape.reduce(1, *))
    }

    init(shape: [Int], block: Int = 1, storage: Storage) {
        self.shape = shape
        self.block = block
        self.storage = storage
    }

    /// A tensor of one value.
    public init(repeating value: Float = 0, _ shape: [Int], block: Int = 1) {
        self.init(unwritten: shape, block: block)
        Compute.device.fill(storage.floats, with: value, count: count)
    }

    /// A tensor of these elements, in row-major order.
    public init(_ shape: [Int], _ elements: [Float]) {
        self.init(unwritten: shape)
        precondition(elements.count == count, "\(elements.count) elements do not fill the shape \(shape)")
        elements.withUnsafeBufferPointer {
            if let base = $0.baseAddress { storage.floats.update(from: base, count: $0.count) }
        }
    }

    /// A scalar.
    public init(_ value: Float) { self.init([], [value]) }

    /// Takes elements as `initialize` writes them, in memory order.
    public init(_ shape: [Int], block: Int = 1, initialize: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows
    {
        self.init(unwritten: shape, block: block)
        try initialize(UnsafeMutableBufferPointer(start: storage.floats, count: count))
    }

    /// The elements in memory order; `array` and `plain()` give them in row-major order.
    public func withUnsafeFloats<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        Compute.device.synchronize()
        return try withExtendedLifetime(storage) {
            try body(UnsafeBufferPointer(start: storage.floats, count: count))
        }
    }

    public mutating func withUnsafeMutableFloats<Result>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        makeUnique()
        Compute.device.synchronize()
        return try withExtendedLifetime(storage) {
            try body(UnsafeMutableBufferPointer(start: storage.floats, count: count))
        }
    }

    private mutating func makeUnique() {
        if isKnownUniquelyReferenced(&storage) {
            storage.dropDerived()
        } else {
            let copy = Storage(count: count)
            copy.floats.update(from: storage.floats, count: count)
            storage = copy
        }
    }

    /// For kernels: valid while the tensor is.
    var pointer: UnsafePointer<Float> { UnsafePointer(storage.floats) }
    var mutablePointer: UnsafeMutablePointer<Float> {
        mutating get {
            makeUnique()
            return storage.floats
        }
    }
    /// Forgets what was computed from the elements, where nobody shares them: they are about to change.
    mutating func dropDerived() {
        if isKnownUniquelyReferenced(&storage) { storage.dropDerived() }
    }
    /// Where elementwise work on this tensor reads and writes: in place where nobody shares the elements, else from them
    /// into memory of its own, without a copy between. Every element must be written.
    mutating func overwrite(_ body: (_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>) -> Void) {
        if isKnownUniquelyReferenced(&storage) {
            storage.dropDerived()
            body(pointer, storage.floats)
        } else {
            let result = Storage(count: count)
            withExtendedLifetime(storage) { body(pointer, result.floats) }
            storage = result
        }
    }
    /// For filling a tensor that was just made: nobody shares it yet.
    var freshPointer: UnsafeMutablePointer<Float> { storage.floats }

    /// The elements in row-major order.
    public var array: [Float] {
        let plain = plain()
        return plain.withUnsafeFloats { Array($0) }
    }

    /// The only element of a tensor that has one.
    public var scalar: Float {
        precondition(count == 1, "a tensor of shape \(shape) is no scalar")
        return withUnsafeFloats { $0[0] }
    }

    /// The same tensor in row-major order.
    public func plain() -> Tensor { blocked(1) }

    /// The same tensor with blocks of `block` channels.
    public func blocked(_ block: Int) -> Tensor {
        guard block != self.block else { return self }
        precondition(shape.count == 4 && shape[1] % block == 0, "blocks of \(block) channels do not fit \(shape)")
        // With one pixel every block gives the same order.
        if shape[2] * shape[3] == 1 { return Tensor(shape: shape, block: block, storage: storage) }
        let result = Tensor(unwritten: shape, block: block)
        Compute.device.reblock(pointer, images, into: result.freshPointer, block: block)
        return result
    }

    /// The same elements in row-major order under another shape.
    public func reshaped(_ shape: [Int]) -> Tensor {
        precondition(shape.reduce(1, *) == count, "\(self.shape) can not be seen as \(shape)")
        return Tensor(shape: shape, block: 1, storage: plain().storage)
    }

    /// The elements in memory order under another shape and block.
    func reinterpreted(_ shape: [Int], block: Int = 1) -> Tensor {
        precondition(shape.reduce(1, *) == count)
        return Tensor(shape: shape, block: block, storage: storage)
    }

    /// self += other · factor
    public mutating func add(_ other: Tensor, factor: Float = 1) {
        precondition(other.shape == shape, "\(other.shape) can not be added to \(shape)")
        let other = other.blocked(block)
        withExtendedLifetime(other) {
            Compute.device.accumulate(other.pointer, times: factor, onto: mutablePointer, count: count)
        }
    }
}

extension Tensor: Equatable {
    /// Whether shapes and elements are the same; the block does not matter.
    public static func == (a: Tensor, b: Tensor) -> Bool {
        guard a.shape == b.shape else { return false }
        let b = b.blocked(a.block)
        return a.withUnsafeFloats { a in b.withUnsafeFloats { b in a.elementsEqual(b) } }
    }
}
