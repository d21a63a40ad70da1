import Glibc

/// A seeded, named stream of random numbers: the same seed and path give the same numbers on every machine.
///
/// Streams are split by name, never shared: `RandomStream(seed: 7).stream("loader").stream("epoch", 3)`. A consumer that
/// draws more or fewer numbers then disturbs no other. The generator is SplitMix64 (Steele, Lea, Flood, OOPSLA 2014),
/// and a child's state is the parent's key mixed with the FNV-1a hash of its name.
public struct RandomStream: RandomNumberGenerator, Sendable, Hashable, Codable {
    private let key: UInt64
    private var state: UInt64

    public init(seed: UInt64) {
        key = RandomStream.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
        state = key
    }

    private init(key: UInt64) {
        self.key = key
        state = key
    }

    /// The child stream of this name. It depends on this stream's own name only, not on what was drawn from it.
    public func stream(_ name: String) -> RandomStream {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return RandomStream(key: RandomStream.mix(key ^ RandomStream.mix(hash)))
    }

    /// The child stream of this name and number: an epoch, a step, a candidate.
    public func stream(_ name: String, _ number: Int) -> RandomStream { stream("\(name)/\(number)") }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return RandomStream.mix(state)
    }

    /// Uniform in [0, 1), with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in [low, high).
    public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// Uniform in 0..<bound, without bias (Lemire 2019).
    public mutating func index(below bound: Int) -> Int { Int(next(upperBound: UInt64(bound))) }

    /// Standard normal, by Box and Muller's transform.
    public mutating func normal() -> Double {
        let radius = 1 - uniform()
        let angle = uniform()
        return (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle)
    }

    /// A permutation of 0..<count (Fisher and Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, index(below: last + 1)) }
        return order
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
