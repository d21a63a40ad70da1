import Basics
import Detection
import DetectorKit
import Foundation
import Search
import Tensor
import Testing
import Training

@Suite struct DistillationTests {
    private let training = TrainingSettings()

    private func batch(size: Int = 64) -> SampleBatch {
        var random = RandomStream(seed: 4)
        let images = (0..<2).map { _ in
            ImagePlanes(
                width: size, height: size,
                pixels: (0..<3 * size * size).map { _ in UInt8(random.index(below: 256)) })
        }
        let target = DetectionTarget(
            boxes: [Box(x1: 5, y1: 8, x2: 30, y2: 40), Box(x1: 30, y1: 20, x2: 60, y2: 55)], labels: [1, 3])
        return SampleBatch(images: images, targets: [target, target])
    }

    /// Step after step, whatever the norm, and whether or not the student's neck is the teacher's.
    @Test(arguments: [Norm.group, .batch], [false, true])
    func withAllLossesOffAStepIsPlainTraining(norm: Norm, hasOtherNeck: Bool) throws {
        let graph = try Networks.graph(norm: norm)
        let batch = batch()
        let teacher = try TeacherView(graph, weights: Networks.weights(graph, seed: 8), batch: batch)
        let width = graph.architecture.neck.outputWidth
        let step = DistilledStep(
            graph, training: training, distillation: .off,
            neckOrigins: hasOtherNeck ? Array((0..<width).reversed()) : nil)
        #expect(step.adapters(teacher: graph, RandomStream(seed: 2)).isEmpty)
        let plain = plainObjective(graph, training)
        var weights = Networks.weights(graph)
        var optimiser = SGD(momentum: 0.9, weightDecay: 1e-4)
        for number in 0..<3 {
            let random = RandomStream(seed: 3).stream("step", number)
            let expected = try plain.gradients(weights, batch, random)
            let off = try step.gradients(weights, batch, teacher: teacher, random)
            #expect(off.losses == expected.losses)
            #expect(off.runningStatistics == expected.runningStatistics)
            #expect(off.runningStatistics.isEmpty == (norm == .group))
            #expect(Set(off.gradients.keys) == Set(expected.gradients.keys))
            for (name, gradient) in expected.gradients { #expect(gradient == off.gradients[name], "\(name)") }
            optimiser.step(&weights, gradients: off.gradients, learningRate: 0.01, scale: 1)
            weights.merge(off.runningStatistics) { $1 }
        }
    }

    /// A teacher's cell stands where the student's looks, whatever the input sizes and the paddings that come with them; on the coarsest
    /// level, whose stride they decide, too.
    @Test(arguments: [(240, 192), (192, 240), (112, 128), (128, 112), (80, 64), (216, 240)], 0..<5)
    func cellsLookAtTheSamePlaces(inputs: (own: Int, other: Int), level: Int) {
        /// Two images of a batch, at an input size, and what each cell of a level looks at: shares of the image's height and width.
        struct Seen {
            let sizes: [ImageSize]
            let grid: ContentGrid
            let down: [[Float]]
            let across: [[Float]]

            init(_ shorter: Int, level: Int) {
                sizes = [
                    ImageSize(width: shorter * 4 / 3, height: shorter), ImageSize(width: shorter, height: shorter / 2),
                ]
                func padded(_ side: Int) -> Int { (side + 31) / 32 * 32 }
                let whole = ImageSize(width: padded(shorter * 4 / 3), height: padded(shorter))
                // The coarsest level is every other cell of the one before it.
                func cells(_ side: Int) -> Int { level < 4 ? side / (4 << level) : (side / 32 + 1) / 2 }
                let (height, width) = (cells(whole.height), cells(whole.width))
                grid = ContentGrid(sizes, padded: whole, height: height, width: width)
                let stride = (down: whole.height / height, across: whole.width / width)
                down = sizes.map { size in (0..<height).map { (Float($0 * stride.down) + 0.5) / Float(size.height) } }
                across = sizes.map { size in (0..<width).map { (Float($0 * stride.across) + 0.5) / Float(size.width) } }
            }
        }
        let (own, other) = (Seen(inputs.own, level: level), Seen(inputs.other, level: level))
        var values: [Float] = []
        for image in 0..<2 {
            values += other.down[image].flatMap { Array(repeating: $0, count: other.grid.width) }
            values += other.down[image].flatMap { _ in other.across[image] }
        }
        let map = Tensor([2, 2, other.grid.height, other.grid.width], values)
        let found = own.grid.sampled(map, of: other.grid).array
        let (rows, columns) = (own.grid.height, own.grid.width)
        for image in 0..<2 {
            let content = own.grid.content(of: image)
            #expect(
                content.rows == own.down[image].count { $0 < 1 }
                    && content.columns == own.across[image].count { $0 < 1 })
            for y in 0..<rows {
                for x in 0..<columns {
                    // Held at the edges of the other map.
                    let down = min(max(own.down[image][y], other.down[image][0]), other.down[image].last ?? 0)
                    let across = min(max(own.across[image][x], other.across[image][0]), other.across[image].last ?? 0)
                    let place = (image * 2 * rows + y) * columns + x
                    #expect(abs(found[place] - down) < 1e-4 && abs(found[place + rows * columns] - across) < 1e-4)
                }
            }
        }
    }

    /// Cells of the padding are nobody's.
    @Test func cellsOfBoxesEndWithTheImage() {
        let grid = ContentGrid(
            [ImageSize(width: 80, height: 50)], padded: ImageSize(width: 96, height: 64), height: 8, width: 12)
        let content = grid.content(of: 0)
        #expect(content.rows == 7 && content.columns == 10)
        let inner = grid.cells(of: Box(x1: 9, y1: 17, x2: 31, y2: 25), image: 0)
        #expect(inner.rows == 2..<4 && inner.columns == 1..<4)
        let outer = grid.cells(of: Box(x1: 70, y1: 40, x2: 96, y2: 64), image: 0)
        #expect(outer.rows == 5..<7 && outer.columns == 8..<10)
        let beyond = grid.cells(of: Box(x1: 85, y1: 57, x2: 96, y2: 64), image: 0)
        #expect(beyond.rows.isEmpty && beyond.columns.isEmpty)
    }

    @Test func aTeacherLikeTheStudentHasNothingToSay() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let batch = batch()
        let teacher = try TeacherView(graph, weights: weights, batch: batch)
        for form in DistillationSettings.FeatureForm.allCases {
            let step = DistilledStep(graph, training: training, distillation: DistillationSettings(featureForm: form))
            let losses = try step.gradients(weights, batch, teacher: teacher, RandomStream(seed: 3)).losses
            #expect(abs(losses["distil_features"] ?? .nan) < 1e-5)
            #expect(abs(losses["distil_classes"] ?? .nan) < 1e-5)
            #expect(losses["distil_boxes"] == 0)
        }
    }

    @Test func eachLossHasItsSwitch() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let batch = batch()
        let teacher = try TeacherView(graph, weights: Networks.weights(graph, seed: 8), batch: batch)
        func losses(_ settings: DistillationSettings) throws -> Set<String> {
            let step = DistilledStep(graph, training: training, distillation: settings)
            let losses = try step.gradients(weights, batch, teacher: teacher, RandomStream(seed: 3)).losses
            for (name, loss) in losses { #expect(loss.isFinite && loss >= -1e-5, "\(name)") }
            return Set(losses.keys.filter { $0.hasPrefix("distil") })
        }
        #expect(try losses(DistillationSettings()).count == 4)
        #expect(try losses(DistillationSettings(features: 0)).contains("distil_features") == false)
        #expect(try losses(DistillationSettings(classes: 0)).contains("distil_classes") == false)
        #expect(try losses(DistillationSettings(boxes: 0)).contains("distil_boxes") == false)
        #expect(try losses(DistillationSettings(objectness: 0)).contains("distil_objectness") == false)
    }

    /// Each weight scales its own loss, and leaves the others as they are.
    @Test(arguments: ["features", "classes", "boxes", "objectness"]) func eachLossHasItsWeight(name: String) throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let batch = batch()
        let teacher = try TeacherView(graph, weights: Networks.weights(graph, seed: 8), batch: batch)
        func losses(_ weight: Double) throws -> [String: Double] {
            var settings = DistillationSettings(features: 1, classes: 1, boxes: 1, boxMargin: -100, objectness: 1)
            switch name {
            case "features": settings.features = weight
            case "classes": settings.classes = weight
            case "boxes": settings.boxes = weight
            default: settings.objectness = weight
            }
            let step = DistilledStep(graph, training: training, distillation: settings)
            return try step.gradients(weights, batch, teacher: teacher, RandomStream(seed: 3)).losses
        }
        let (once, twice, off) = (try losses(1), try losses(2), try losses(0))
        let own = "distil_\(name)"
        #expect(once[own, default: 0] > 1e-4 && off[own] == nil, "\(once)")
        #expect(twice[own] == once[own].map { 2 * $0 })
        for (other, loss) in once where other != own { #expect(twice[other] == loss && off[other] == loss, "\(other)") }
    }

    /// What the background counts, how soft classes are, and how features are compared, each changes its loss and no other.
    @Test func settingsReachTheirLosses() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let batch = batch()
        let teacher = try TeacherView(graph, weights: Networks.weights(graph, seed: 8), batch: batch)
        func losses(_ settings: DistillationSettings) throws -> [String: Double] {
            try DistilledStep(graph, training: training, distillation: settings)
                .gradients(weights, batch, teacher: teacher, RandomStream(seed: 3)).losses
        }
        let plain = try losses(DistillationSettings())
        for (settings, own) in [
            (DistillationSettings(background: 1), "distil_features"), (.init(featureForm: .squared), "distil_features"),
            (.init(temperature: 4), "distil_classes"), (.init(boxMargin: -100), "distil_boxes"),
        ] {
            let changed = try losses(settings)
            #expect(changed.filter { plain[$0.key] != $0.value }.map(\.key) == [own])
        }
    }

    /// A student that has come to no numbers diverges like one without a teacher: by its loss, not by a trap.
    @Test func aStudentWithoutNumbersHasALossWithoutOne() throws {
        let graph = try Networks.graph()
        let batch = batch()
        let teacher = try TeacherView(graph, weights: Networks.weights(graph, seed: 8), batch: batch)
        var weights = Networks.weights(graph)
        let name = try #require(weights.keys.first { $0.hasPrefix("rpn.head.cls_logits") && $0.hasSuffix("bias") })
        weights[name] = weights[name].map { Tensor(repeating: .nan, $0.shape) }
        let step = DistilledStep(graph, training: training, distillation: DistillationSettings())
        let found = try step.gradients(weights, batch, teacher: teacher, RandomStream(seed: 3))
        #expect(!found.totalLoss.isFinite)
    }

    /// Steps down the gradient bring a narrower student, at another input size, nearer to its teacher.
    @Test func aNarrowStudentLearnsFromItsTeacher() throws {
        let wide = try Networks.graph()
        let teacherWeights = Networks.weights(wide, seed: 8)
        let narrow = try StudentAction.setWidth(knob: .neck, width: 16).morph(
            wide, teacherWeights, importance: Importance(.l1, wide, weights: teacherWeights), RandomStream(seed: 1),
            Networks.catalog)
        var architecture = narrow.graph.architecture
        architecture.input = .init(shorter: 96, longer: 96)
        let parent = (graph: try DetectorGraph(architecture, Networks.catalog), weights: narrow.weights)
        let batch = batch()
        let teacher = try TeacherView(wide, weights: teacherWeights, batch: batch)
        let step = DistilledStep(
            parent.graph, training: training,
            distillation: DistillationSettings(features: 1, classes: 1, boxes: 0, objectness: 1),
            neckOrigins: Array(0..<16))
        var weights = parent.weights
        weights.merge(step.adapters(teacher: wide, RandomStream(seed: 1))) { $1 }
        #expect(weights["\(DistilledStep.adapterPrefix)0"]?.shape == [32, 16, 1, 1])
        var course: [Double] = []
        var optimiser = SGD(momentum: 0, weightDecay: 0)
        for _ in 0..<8 {
            let result = try step.gradients(weights, batch, teacher: teacher, RandomStream(seed: 3))
            course.append(result.losses.filter { $0.key.hasPrefix("distil") }.values.reduce(0, +))
            optimiser.step(
                &weights, gradients: result.gradients, learningRate: 0.004,
                scale: clippingFactor(norm: gradientNorm(result.gradients), limit: 1))
        }
        #expect(course[7] < 0.97 * course[0], "\(course)")
    }

    /// Where a student's channels are none of its teacher's, comparing them one by one would say nothing.
    @Test func aForeignTeachersChannelsAreMixed() throws {
        let graph = try Networks.graph()
        let width = graph.architecture.neck.outputWidth
        func adapter(_ origins: [Int], seed: UInt64 = 1) -> Tensor? {
            DistilledStep(graph, training: training, distillation: DistillationSettings(), neckOrigins: origins)
                .adapters(teacher: graph, RandomStream(seed: seed))["\(DistilledStep.adapterPrefix)0"]
        }
        #expect(adapter(Array(0..<width)) == nil)
        let mixed = try #require(adapter(Array(repeating: -1, count: width)))
        let values = mixed.array
        #expect(mixed.shape == [width, width, 1, 1] && Set(values).count > width * width - 4)
        let square = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
        #expect(abs(square * Float(width) - 1) < 0.3)
        #expect(adapter(Array(repeating: -1, count: width)) == mixed)
        #expect(adapter(Array(repeating: -1, count: width), seed: 2) != mixed)
        // One that descends in part keeps its own.
        var origins = Array(repeating: -1, count: width)
        origins[3] = 5
        #expect(adapter(origins)?.array.enumerated().filter { $0.element != 0 }.map(\.offset) == [5 * width + 3])
    }

    /// The margin by which a teacher's box must be better, and whose boxes count (Chen et al., NeurIPS 2017): reckoned here by
    /// hand from both networks' answers.
    @Test func onlyBetterBoxesTeach() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let (batch, random) = (batch(), RandomStream(seed: 3))

        func answers(_ weights: NamedTensors, _ regions: SampledRegions?) throws -> (SampledRegions, [Float]) {
            let pass = DetectorPass(graph, weights: weights, tape: Tape(recording: false), mode: .training)
            let images = batch.resized(to: graph.architecture.input)
            let targets = images.resized(batch.targets)
            let pyramid = try pass.features(images)
            let proposals = pass.proposals(pyramid).map { $0.map(\.box) }
            let regions = regions ?? training.sampleRegions(proposals, targets: targets, random)
            return (regions, try pass.boxHead(pyramid, regions.boxes).boxDeltas.value.array)
        }
        let (regions, own) = try answers(weights, nil)
        let count = regions.labels.joined().count
        let classes = own.count / 4 / count
        /// Of each region on an object: by how much the teacher is nearer to its target, and the smooth L1 between the two.
        func objects(_ teacher: NamedTensors) throws -> [(gap: Float, loss: Double)] {
            let theirs = try answers(teacher, regions).1
            let (boxes, targets) = (Array(regions.boxes.joined()), Array(regions.targets.joined()))
            return regions.labels.joined().enumerated().filter { $0.element > 0 }.map { index, label in
                let (box, target) = (boxes[index], targets[index])
                let (width, height) = (box.x2 - box.x1, box.y2 - box.y1)
                let wanted = [
                    10 * (target.x1 + target.x2 - box.x1 - box.x2) / 2 / width,
                    10 * (target.y1 + target.y2 - box.y1 - box.y2) / 2 / height,
                    5 * log((target.x2 - target.x1) / width), 5 * log((target.y2 - target.y1) / height),
                ]
                let place = (index * classes + label) * 4..<(index * classes + label) * 4 + 4
                func distance(_ deltas: [Float]) -> Float {
                    zip(deltas[place], wanted).reduce(0) { $0 + abs($1.0 - $1.1) }
                }
                let losses = zip(own[place], theirs[place]).map { mine, its in
                    let difference = Double(abs(mine - its))
                    return difference < 1 / 9 ? 4.5 * difference * difference : difference - 1 / 18
                }
                return (distance(own) - distance(theirs), losses.reduce(0, +))
            }
        }
        // One that is better on some objects, and not on all.
        let better = try (8...60).lazy.map { Networks.weights(graph, seed: $0) }.first {
            let gaps = try objects($0).map(\.gap)
            return gaps.count { $0 > 0 } > 1 && gaps.contains { $0 < 0 }
        }
        let teacher = try #require(better)
        let all = try objects(teacher)
        let gaps = all.map(\.gap).filter { $0 > 0 }.sorted()
        for margin in [0, (gaps[0] + gaps[1]) / 2, 100] {
            let settings = DistillationSettings(
                features: 0, classes: 0, boxes: 1, boxMargin: Double(margin), objectness: 0)
            let found = try DistilledStep(graph, training: training, distillation: settings).gradients(
                weights, batch, teacher: TeacherView(graph, weights: teacher, batch: batch), random
            ).losses["distil_boxes"]
            let expected = all.filter { $0.gap > margin }.map(\.loss).reduce(0, +) / Double(count)
            #expect((expected > 0) == (margin < 100))
            #expect(abs((found ?? .nan) - expected) < 1e-4 * max(1e-3, expected), "\(margin)")
        }
    }

    @Test func aSupernetsStepReachesAllItsNetworks() throws {
        let graph = try Networks.graph()
        let space = SearchSpace.below(graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1])
        let supernet = try Supernet(graph, space, Networks.catalog)
        let weights = Networks.weights(graph)
        let objective = SupernetObjective(
            supernet, ShrinkingSchedule(sampled: 2, opening: 0), training: training,
            distillation: DistillationSettings(), totalSteps: 10, step: 3)
        let step = try objective.gradients(weights, batch(), RandomStream(seed: 3))
        let trainable = graph.network.parameters.filter(\.isTrainable).map(\.name)
        #expect(Set(step.gradients.keys) == Set(trainable))
        for (name, gradient) in step.gradients { #expect(!gradient.array.contains { !$0.isFinite }, "\(name)") }
        #expect(step.losses["smaller"] ?? .nan > 0)
        #expect(Set(objective.sizes.keys) == [SupernetObjective.smallest, SupernetObjective.drawn])
    }

    /// A step's gradients are the largest network's and, where the smaller one lies in it, that one's, distilled from it.
    @Test func aSupernetsGradientsAreTheSumOfItsNetworks() throws {
        let graph = try Networks.graph()
        let space = SearchSpace.below(graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1])
        let supernet = try Supernet(graph, space, Networks.catalog)
        let weights = Networks.weights(graph)
        let random = RandomStream(seed: 3)
        func step(_ distillation: DistillationSettings) throws -> StepGradients {
            try SupernetObjective(
                supernet, ShrinkingSchedule(sampled: 1, opening: 0), training: training, distillation: distillation,
                totalSteps: 10, step: 3
            ).gradients(weights, batch(), random)
        }
        let subnet = try supernet.subnet(space.smallest)
        func plain(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> NamedTensors {
            try DistilledStep(graph, training: training, distillation: .off)
                .gradients(weights, batch(), teacher: nil, random).gradients
        }
        let whole = try plain(graph, weights)
        let part = try plain(subnet.graph, supernet.slice(weights, subnet))
        let sum = try step(.off).gradients
        for (name, gradient) in sum {
            let own = part[name].flatMap { gradient in
                subnet.maps[name].map { map -> Tensor in
                    var wide = Tensor(repeating: 0, whole[name]?.shape ?? [])
                    map.scatterAdd(gradient, into: &wide)
                    return wide
                }
            }
            let expected = zip(whole[name]?.array ?? [], own?.array ?? [Float](repeating: 0, count: gradient.count))
            let largest = gradient.array.map(abs).max() ?? 0
            for (found, (one, other)) in zip(gradient.array, expected) {
                #expect(abs(found - one - other) <= 1e-5 * max(largest, 1e-6), "\(name)")
            }
        }
        #expect(try step(DistillationSettings()).gradients != sum)
    }

    /// What a supernet's objective asks for ahead of a step is what the step's networks read, and changes no bit.
    @Test func aSupernetsImagesAreResizedAhead() throws {
        let graph = try Networks.graph()
        let small = DetectorArchitecture.InputSize(shorter: 48, longer: 48)
        let space = SearchSpace.below(
            graph.architecture, removableBlocks: 0, innerWidths: [1], smallerInputs: [small])
        let supernet = try Supernet(graph, space, Networks.catalog)
        let weights = Networks.weights(graph)
        let random = RandomStream(seed: 3)
        func step(_ step: Int, ahead: Bool) throws -> (inputs: Set<DetectorArchitecture.InputSize>, StepGradients) {
            let objective = SupernetObjective(
                supernet, ShrinkingSchedule(sampled: 1, opening: 0.5), training: training,
                distillation: DistillationSettings(), totalSteps: 10, step: step
            ).objective
            let inputs = objective.inputs(step, random)
            let plain = batch()
            let resized = Dictionary(
                uniqueKeysWithValues: Set(ahead ? inputs : []).map { ($0, nil as ReservedMemory?) })
            let batch = SampleBatch(images: plain.images, targets: plain.targets, resizedTo: resized)
            return (Set(inputs), try objective.gradients(weights, batch, random))
        }
        #expect(try step(0, ahead: true).inputs == [graph.architecture.input])
        let (inputs, ahead) = try step(5, ahead: true)
        #expect(inputs == [graph.architecture.input, small])
        let (_, late) = try step(5, ahead: false)
        #expect(ahead.losses["smaller"] ?? 0 > 0 && ahead.losses == late.losses)
        for (name, gradient) in ahead.gradients { #expect(gradient == late.gradients[name], "\(name)") }
    }

    @Test func theScheduleOpensFromTheLargestToTheSmallest() throws {
        let graph = try Networks.graph()
        let space = SearchSpace.below(graph.architecture, removableBlocks: 1, innerWidths: [0.5, 0.75, 1])
        let integrated = ShrinkingSchedule(order: .integrated, sampled: 3, opening: 0.5)
        #expect(integrated.choices(space, at: 0, RandomStream(seed: 1)).isEmpty)
        // The first smaller values open at once, everywhere.
        let first = try #require(integrated.choices(space, at: 0.01, RandomStream(seed: 1)).first)
        #expect(first.depths == space.smallest.depths && first.innerWidths == [0.75, 0.75, 0.75, 0.75])
        #expect(integrated.choices(space, at: 0.5, RandomStream(seed: 1)).first == space.smallest)
        let half = integrated.choices(space, at: 0.25, RandomStream(seed: 1))
        #expect(!half.contains { $0.innerWidths.contains { $0 < 0.75 } })
        let sequential = ShrinkingSchedule(order: .sequential, sampled: 3, opening: 0.5)
        let early = sequential.choices(space, at: 0.25, RandomStream(seed: 1))
        // Nothing is open earlier than in the integrated schedule.
        for step in 0...50 {
            for dimension in space.elastic {
                let fraction = Double(step) / 100
                let (first, second) = (integrated, sequential)
                #expect(first.lowest(dimension, space, at: fraction) <= second.lowest(dimension, space, at: fraction))
            }
        }
        #expect(early.first?.depths == space.smallest.depths)
        #expect(!early.contains { $0.innerWidths.contains { $0 < 1 } })
    }
}
