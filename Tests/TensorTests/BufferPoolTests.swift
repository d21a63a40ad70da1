import Tensor
import Testing

@Suite struct BufferPoolTests {
    /// In a process of its own, since the pool is the whole process's.
    @Test func countsAndBoundsWhatIsHeld() async {
        await #expect(processExitsWith: .success) {
            let start = BufferPool.usage
            var tensor: Tensor? = Tensor([1 << 20])
            #expect(BufferPool.usage.live == start.live + (4 << 20))
            tensor = nil
            #expect(tensor == nil)
            #expect(BufferPool.usage.live == start.live)
            #expect(BufferPool.usage.peak == start.live + (4 << 20))
            #expect(BufferPool.usage.kept == start.kept + (4 << 20))
            tensor = Tensor([(1 << 20) - 100])
            #expect(BufferPool.usage.kept == start.kept, "about the same size: used again")
            tensor = nil
            tensor = Tensor([3 << 18])
            #expect(BufferPool.usage.kept == start.kept, "a somewhat larger buffer serves")
            #expect(BufferPool.usage.live == start.live + (4 << 20), "and counts as what it is")
            tensor = nil
            BufferPool.keptLimit = 6 << 20
            var others: [Tensor] = [Tensor([5 << 16]), Tensor([5 << 16])]
            others = []
            #expect(others.isEmpty)
            #expect(BufferPool.usage.kept == 5 << 19, "the size not used for longest went")
            BufferPool.keptLimit = 0
            #expect(BufferPool.usage.kept == 0)
            BufferPool.resetPeak()
            #expect(BufferPool.usage.peak == BufferPool.usage.live)
        }
    }

    /// A tape's values go as soon as the backward pass has used them, and a silent tape keeps none.
    @Test func aTapeHoldsNoMoreThanItNeeds() async {
        await #expect(processExitsWith: .success) {
            let image = Tensor(repeating: 1, [1, 8, 128, 128], block: 8)
            let bytes = image.count * 4
            func peak(recording: Bool) -> Int {
                BufferPool.resetPeak()
                let start = BufferPool.usage.live
                let tape = Tape(recording: recording)
                var x = tape.parameter(image, named: "x")
                for _ in 0..<20 { x = tape.relu(x) }
                if recording { _ = tape.gradients(from: [(x, image)]) }
                return (BufferPool.usage.peak - start) / bytes
            }
            #expect(peak(recording: false) <= 2)
            #expect((20...22).contains(peak(recording: true)))
        }
    }
}
