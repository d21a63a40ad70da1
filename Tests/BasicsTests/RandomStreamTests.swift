import Basics
import Testing

/// The numbers are part of what a seed means: other ones would change every result. The golden ones are from an
/// implementation of SplitMix64 and FNV-1a in another language.
@Suite struct RandomStreamTests {
    private func draw(_ stream: RandomStream, _ count: Int) -> [UInt64] {
        var stream = stream
        return (0..<count).map { _ in stream.next() }
    }

    @Test func goldenNumbers() {
        #expect(
            draw(RandomStream(seed: 7), 3) == [0xb8b4_c297_7eab_ce45, 0xa653_05fd_338e_c8fe, 0x8ca3_cbb6_ca63_129b])
        #expect(
            draw(RandomStream(seed: 7).stream("loader").stream("epoch", 3), 3) == [
                0x70cd_27c1_aa14_7b09, 0x05f5_c2b5_1952_fc6f, 0x9b13_5b4b_6d27_3c07,
            ])
        #expect(draw(RandomStream(seed: 7).stream("ä"), 1) == [0x49d7_07ee_53a9_3a33])
        var uniform = RandomStream(seed: 0)
        #expect((0..<3).map { _ in uniform.uniform() } == [0.6524484863740322, 0.7012121095215252, 0.3871241409757855])
    }

    @Test func aChildDoesNotDependOnWhatWasDrawn() {
        var parent = RandomStream(seed: 7)
        let before = draw(parent.stream("child"), 4)
        _ = parent.next()
        #expect(draw(parent.stream("child"), 4) == before)
        #expect(draw(parent.stream("other"), 4) != before)
        #expect(draw(parent.stream("child", 1), 4) == draw(parent.stream("child/1"), 4))
    }

    @Test func drawsStayInTheirRanges() {
        var random = RandomStream(seed: 3)
        var seen: Set<Int> = []
        for _ in 0..<500 {
            let index = random.index(below: 7)
            seen.insert(index)
            let value = random.uniform(-2, 3)
            #expect((0..<7).contains(index) && value >= -2 && value < 3)
        }
        #expect(seen.count == 7)
    }

    @Test func permutationsHoldEveryNumberOnce() {
        var random = RandomStream(seed: 3)
        let (one, other) = (random.permutation(50), random.permutation(50))
        #expect(one.sorted() == Array(0..<50) && other.sorted() == one.sorted() && one != other)
        #expect(random.permutation(0).isEmpty)
    }

    @Test func normalsHaveMeanZeroAndDeviationOne() {
        var random = RandomStream(seed: 5)
        let values = (0..<20_000).map { _ in random.normal() }
        let mean = values.reduce(0, +) / 20_000
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000).squareRoot()
        #expect(abs(mean) < 0.03 && abs(deviation - 1) < 0.03)
    }
}
