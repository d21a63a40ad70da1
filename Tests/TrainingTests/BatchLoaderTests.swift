import Basics
import Dataset
import Detection
import DetectorKit
import Synchronization
import Tensor
import TestSupport
import Testing
import Training

@Suite struct BatchLoaderTests {
    private let inputs: [DetectorArchitecture.InputSize] = [
        .init(shorter: 64, longer: 96), .init(shorter: 48, longer: 72),
    ]

    @Test func aBatchIsAFunctionOfItsStep() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder).split("train")
        func loader() throws -> BatchLoader {
            try BatchLoader(
                data, batchSize: 3, mirrors: [.horizontal, .vertical], random: RandomStream(seed: 9))
        }
        let (one, other) = (try loader(), try loader())
        let late = try other.batch(step: 5, resizedTo: inputs)
        _ = try one.batch(step: 0)
        let again = try one.batch(step: 5)
        #expect(late.images == again.images)
        #expect(late.mirrorings == again.mirrorings)
        #expect(late.targets == again.targets)
        #expect(try one.batch(step: 4).images != late.images)
        // Resized beforehand or when asked for, on one thread or more: the same bits.
        #expect(late.inputs == Set(inputs) && again.inputs.isEmpty)
        for input in inputs {
            let (ahead, now) = (late.resized(to: input), again.resized(to: input))
            #expect(ahead.pixels == now.pixels)
            #expect(ahead.sizes == now.sizes && ahead.originalSizes == now.originalSizes)
        }
    }

    /// Varied images are a function of step and stream too, and objects stay within them.
    @Test func variationsAreDrawn() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder).split("train")
        func loader() throws -> BatchLoader {
            try BatchLoader(
                data, batchSize: 3, mirrors: [.horizontal], variation: ImageVariation(zoom: 1.5, colours: 0.3),
                random: RandomStream(seed: 9))
        }
        let (first, second) = try (loader(), loader())
        var sizes: Set<ImageSize> = []
        for step in (0..<6).reversed() { _ = try second.batch(step: step) }
        for step in 0..<6 {
            let (batch, again) = try (first.batch(step: step), second.batch(step: step))
            #expect(batch.images == again.images && batch.targets == again.targets)
            for (image, target) in zip(batch.images, batch.targets) {
                sizes.insert(image.size)
                for box in target.boxes {
                    #expect(box.x1 >= 0 && box.y1 >= 0 && box.x1 < box.x2 && box.y1 < box.y2)
                    #expect(box.x2 <= Float(image.width) && box.y2 <= Float(image.height))
                }
            }
        }
        #expect(sizes.count > 6)
    }

    @Test func mirroringsAreDrawn() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder).split("train")
        func drawn(_ mirrors: [Mirroring]) throws -> Set<Set<Mirroring>> {
            let loader = try BatchLoader(data, batchSize: 1, mirrors: mirrors, random: RandomStream(seed: 9))
            return try Set((0..<36).flatMap { try loader.batch(step: $0).mirrorings })
        }
        #expect(try drawn([.horizontal, .vertical]).count == 4)
        #expect(try drawn([.horizontal]) == [[], [.horizontal]])
        #expect(try drawn([]) == [[]])
    }

    @Test func anEpochSeesEveryImageOnce() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder).split("train")
        let loader = try BatchLoader(data, batchSize: 1, mirrors: [], random: RandomStream(seed: 9))
        #expect(loader.stepsPerEpoch == data.count)
        let seen = try Set((0..<data.count).flatMap { try loader.batch(step: $0).images })
        #expect(seen.count == data.count)
    }

    /// A step finds its images resized to what its objective says that it reads.
    @Test func theTrainerHasImagesResizedAhead() throws {
        let folder = try TemporaryFolder()
        let data = try packedScenes(in: folder).split("train")
        let loader = try BatchLoader(data, batchSize: 2, mirrors: [], random: RandomStream(seed: 1))
        let random = RandomStream(seed: 3)
        @Sendable func wanted(_ step: Int, _ random: RandomStream) -> [DetectorArchitecture.InputSize] {
            var random = random
            return step % 3 == 0 ? inputs : [inputs[random.index(below: 2)]]
        }
        var found: [Set<DetectorArchitecture.InputSize>] = []
        let objective = Trainer.Objective(inputs: wanted) { _, batch, _ in
            found.append(batch.inputs)
            return StepGradients(gradients: ["w": Tensor([1], [0.5])], losses: ["loss": 1])
        }
        let start = TrainingState(weights: ["w": Tensor([1], [1])], optimiser: SGD(), step: 2)
        let trainer = Trainer(shortPlan(), loader: loader, random: random)
        _ = try trainer.train(start, objective: objective) { _, _ in }
        #expect(found == (2..<trainer.totalSteps).map { Set(wanted($0, random.stream("step", $0))) })
        #expect(Set(found).count == 3)
        let graph = try narrowGraph(classes: 2)
        #expect(plainObjective(graph, fewRegions()).inputs(7, random) == [graph.architecture.input])
    }
}

@Suite struct PrefetchTests {
    private struct Refusal: Error {}

    @Test func oneItemIsMadeAheadAndNoMore() throws {
        let asked = Mutex(-1)
        let made = Mutex<[Int]>([])
        let items = Prefetch(end: 50) { number in
            {
                made.withLock { $0.append(number) }
                #expect(number <= asked.withLock { $0 } + 1)
                return number * number
            }
        }
        for number in 7..<50 {
            asked.withLock { $0 = number }
            #expect(try items.item(number) == number * number)
        }
        #expect(made.withLock { $0 } == Array(7..<50))
    }

    /// The next item is made while its user is busy: it is made although nobody asks for it.
    @Test func theNextItemIsBegunUnasked() async throws {
        let begun = AsyncStream<Int>.makeStream()
        let items = Prefetch(end: 9) { number in
            {
                begun.continuation.yield(number)
                return number
            }
        }
        #expect(try items.item(3) == 3)
        var numbers = begun.stream.makeAsyncIterator()
        #expect(await numbers.next() == 3)
        #expect(await numbers.next() == 4)
        // Another than the next is made, too.
        #expect(try items.item(8) == 8)
    }

    @Test func aFailureComesWithItsOwnItem() throws {
        let items = Prefetch(end: 4) { number in
            {
                if number == 1 { throw Refusal() }
                return number
            }
        }
        #expect(try items.item(0) == 0)
        #expect(throws: Refusal.self) { try items.item(1) }
        #expect(try items.item(2) == 2)
    }
}
