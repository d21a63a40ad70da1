import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
import Search
import Synth
import Tensor
import TestSupport
import Testing
import Training

@Suite struct SearchInputsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func data(
        _ name: String = "packed", searchFraction: Double = 0.25, _ change: (inout PackOptions) -> Void = { _ in }
    ) throws -> PackedDataset {
        if !FileManager.default.fileExists(atPath: folder["scenes"].path) {
            try writeSyntheticDataset(to: folder["scenes"], train: 6, val: 2, size: (96, 64), seed: 3)
        }
        var options = PackOptions()
        options.searchFraction = searchFraction
        change(&options)
        try packDataset(root: folder["scenes"], to: folder[name], options: options)
        return try PackedDataset(folder[name])
    }

    private func detector(
        classes: Int = 4, ratios: [Double] = [0.5, 1, 2], norm: Norm = .group
    ) throws -> Detector {
        var architecture = try Networks.architecture()
        architecture.backbone.norm = norm
        architecture.classes = classes
        architecture.anchors.ratios = ratios
        let graph = try DetectorGraph(architecture, Networks.catalog)
        return Detector(graph: graph, weights: Networks.weights(graph))
    }

    private func pool(above base: Detector) throws -> ElasticPool {
        let space = SearchSpace.below(base.architecture, removableBlocks: 1, innerWidths: [1])
        return ElasticPool(
            supernet: try Supernet(base.graph, space, Networks.catalog), weights: base.weights, card: [],
            cardSplit: "search")
    }

    private func message(_ body: () throws -> Void) -> String? { failureText(in: folder, body) }

    @Test func whatBelongsTogetherIsTaken() throws {
        let base = try detector()
        let inputs = try SearchInputs((data(), "job/data"), base: (base, "job/base"))
        try inputs.check(pool(above: base), at: "job/pool")
        #expect(inputs.train.count == 4 && inputs.search.count == 2)
    }

    /// A pool that was trained from the base, or from one near it, has the base's neck; another's has not.
    @Test func theNeckTellsWhoseTeachersTheyAre() throws {
        let base = try detector()
        let inputs = try SearchInputs((data(), "job/data"), base: (base, "job/base"))
        #expect(try inputs.sharesNeck(with: pool(above: base)))
        var near = base
        var draw = RandomStream(seed: 5)
        for (name, weight) in base.weights where name.hasPrefix("backbone.fpn.layer_blocks.") {
            let size = weight.array.map(abs).reduce(0, +) / Float(weight.count)
            near.weights[name] = Tensor(weight.shape, weight.array.map { $0 + 0.5 * size * Float(draw.normal()) })
        }
        #expect(try inputs.sharesNeck(with: pool(above: near)))
        let other = Detector(graph: base.graph, weights: Networks.weights(base.graph, seed: 9))
        #expect(try !inputs.sharesNeck(with: pool(above: other)))
        // A student whose lateral width was cut has the output's channels still.
        let cut = try StudentAction(parsing: "set neck.lateral to 16").morph(
            base.graph, base.weights, importance: Importance(.l1, base.graph, weights: base.weights),
            RandomStream(seed: 1), Networks.catalog)
        let student = try SearchInputs(
            (data(), "job/data"), base: (Detector(graph: cut.graph, weights: cut.weights), "job/base"))
        #expect(cut.graph.architecture.neck.outputWidth == base.architecture.neck.outputWidth)
        #expect(try student.sharesNeck(with: pool(above: base)) && !student.sharesNeck(with: pool(above: other)))
        var architecture = base.architecture
        architecture.neck.outputWidth = 16
        let narrow = try DetectorGraph(architecture, Networks.catalog)
        #expect(try !inputs.sharesNeck(with: pool(above: Detector(graph: narrow, weights: Networks.weights(narrow)))))
    }

    @Test(arguments: [3, 5]) func aBaseOfOtherClassesIsRefused(_ classes: Int) throws {
        let data = try data()
        let base = try detector(classes: classes)
        #expect(
            message { _ = try SearchInputs((data, "job/data"), base: (base, "job/base")) } == """
                job/base: error: the base knows \(classes) classes, the data set has 4
                  remedy: train the base on this data set
                """)
    }

    /// As many classes are not the same ones: in another order each would be taken for another.
    @Test func classesInAnotherOrderAreRefused() throws {
        let data = try data()
        func notice(_ change: ([Dataset.Category]) -> [Dataset.Category]) throws -> String? {
            let renamed = change(data.categories.sorted { $0.label < $1.label })
            let named = renamed.enumerated().map {
                Category(id: $0.offset + 1, name: $0.element.name, label: $0.offset + 1)
            }
            try DetectorFiles.write(named, to: folder.url)
            return try DetectorFiles.checkNames(in: folder.url, against: data, "the pool", at: "job/pool")
        }
        #expect(try notice { $0 } == nil)
        #expect(
            message { _ = try notice { $0.reversed() } }?.contains(
                "job/pool: error: 4 of 4 classes of the pool have other names")
                == true)
        let other = try notice { $0.dropLast() + [Category(id: 9, name: "another", label: 4)] }
        #expect(other?.hasSuffix("they are taken for the same, in this order") == true, "\(other ?? "")")
        try FileManager.default.removeItem(at: folder[DetectorFiles.categoriesName])
        #expect(try DetectorFiles.checkNames(in: folder.url, against: data, "the pool", at: "job/pool") == nil)
    }

    @Test func teachersOfOtherClassesOrAnchorsAreRefused() throws {
        let inputs = try SearchInputs((data(), "job/data"), base: (detector(), "job/base"))
        let classes = message { try inputs.check(pool(above: detector(classes: 3)), at: "job/pool") }
        #expect(classes?.hasPrefix("job/pool: error: the teachers know 3 classes and the base 4") == true)
        let anchors = message { try inputs.check(pool(above: detector(ratios: [1])), at: "job/pool") }
        #expect(anchors?.hasPrefix("job/pool: error: the teachers' anchors (sizes [8, 16") == true, "\(anchors ?? "")")
    }

    @Test func aSplitWithoutImagesOrObjectsIsRefused() throws {
        let base = try detector()
        let without = try data("none", searchFraction: 0)
        #expect(
            message { _ = try SearchInputs((without, "job/data"), base: (base, "job/base")) } == """
                job/data: error: the split 'search' has no images to compare detectors by
                  remedy: pack the data set with a larger 'search_fraction'
                """)
        // Crowds are not learnt, and not found.
        for split in ["train", "val"] {
            let file = folder["scenes/annotations/instances_\(split).json"]
            let text = try String(contentsOf: file, encoding: .utf8)
            try text.replacing("\"iscrowd\":0", with: "\"iscrowd\":1").write(
                to: file, atomically: true, encoding: .utf8)
        }
        let crowds = try data("crowds")
        let text = message { _ = try SearchInputs((crowds, "job/data"), base: (base, "job/base")) }
        #expect(text?.hasPrefix("job/data: error: no image of the split 'train' has an object to train on") == true)
    }

    /// Batch norm's statistics of a teacher are estimated once for all who share a folder; a damaged file is no trouble.
    @Test func teachersStatisticsAreKept() throws {
        let inputs = try SearchInputs((data(), "job/data"), base: (detector(norm: .batch), "job/base"))
        let pool = try pool(above: inputs.base)
        let choice = pool.supernet.space.smallest
        func statistics(_ split: DatasetSplit, in folder: URL?) throws -> NamedTensors {
            try TeacherShelf(pool, train: split, images: inputs.images, keptIn: folder).detector(choice).weights
        }
        let kept = folder["kept"]
        let first = try statistics(inputs.train, in: kept)
        let files = try FileManager.default.contentsOfDirectory(atPath: kept.path)
        #expect(files == ["\(try choice.digest.hex).safetensors"])
        // From other images others would come.
        #expect(try statistics(inputs.search, in: nil) != first)
        #expect(try statistics(inputs.search, in: kept) == first)
        try Data("damaged".utf8).write(to: kept.appending(path: files[0]))
        #expect(try statistics(inputs.train, in: kept) == first)
    }

    /// A student's training that is stopped in the middle of an epoch, saved and read again ends with the bits, and the
    /// losses, of one that was not.
    @Test func aStudentsTrainingResumesBitForBit() throws {
        struct Stop: Error {}
        let base = try detector()
        let inputs = try SearchInputs((data(), "job/data"), base: (base, "job/base"))
        let plan = TrainingPlan(
            epochs: 2, batchSize: 1, schedule: LearningRateSchedule(base: 0.01, decay: .cosine(final: 0)),
            momentum: 0.9, weightDecay: 1e-4, clipNorm: 10, mirrors: [.horizontal])
        let settings = SearchSettings(
            latencyTarget: 0.7, candidates: 1, childrenPerGeneration: 1, trial: plan, finish: plan)
        let pool = try pool(above: base)
        let narrow = try StudentAction.setWidth(knob: .neck, width: 16).morph(
            base.graph, base.weights, importance: Importance(.l1, base.graph, weights: base.weights),
            RandomStream(seed: 1), Networks.catalog)
        func train(_ resume: StudentState?, stopAt step: Int? = nil, share: Double = 1) throws -> StudentState {
            var last: StudentState?
            do {
                return try DistillingTrainer(
                    teachers: TeacherShelf(pool, train: inputs.train, images: inputs.images), train: inputs.train,
                    search: inputs.search, training: TrainingSettings(), settings: settings
                ).train(
                    narrow.graph, narrow.weights, neckOrigins: Array(0..<16), teacher: pool.supernet.space.largest,
                    plan: plan, share: share, data: RandomStream(seed: 5), random: RandomStream(seed: 6), resume: resume
                ) { report, state in
                    last = state
                    if report.step == step { throw Stop() }
                }
            } catch is Stop {
                guard let last else { throw Stop() }
                return last
            }
        }
        let whole = try train(nil)
        #expect(whole.training.step == 8 && whole.losses.steps == 4)
        #expect(
            Set(whole.weights.keys) == Set(narrow.weights.keys) && whole.training.weights.count > whole.weights.count)
        for step in [6, 8] {
            let half = try train(nil, stopAt: step)
            try half.write(to: folder["state-\(step)"])
            let resumed = try train(try StudentState(from: folder["state-\(step)"], plan))
            #expect(resumed.training.weights == whole.training.weights)
            #expect(resumed.losses == whole.losses)
        }
        // In parts, the first of which ends in the middle of an epoch.
        let part = try train(nil, share: 0.7)
        #expect(part.training.step == 6)
        #expect(try train(part).training.weights == whole.training.weights)
    }

    /// What a student is chosen by is the mean of the losses that training steps on the same images have.
    @Test func aStudentsLossIsItsTrainings() throws {
        let base = try detector()
        let inputs = try SearchInputs((data(), "job/data"), base: (base, "job/base"))
        let plan = TrainingPlan(
            epochs: 1, batchSize: 2, schedule: LearningRateSchedule(base: 0.01), momentum: 0.9, weightDecay: 0,
            clipNorm: nil, mirrors: [.horizontal])
        let settings = SearchSettings(
            latencyTarget: 0.7, candidates: 1, childrenPerGeneration: 1, importanceBatches: 3, trial: plan, finish: plan
        )
        let trainer = DistillingTrainer(
            teachers: TeacherShelf(try pool(above: base), train: inputs.train, images: inputs.images),
            train: inputs.train, search: inputs.search, training: TrainingSettings(), settings: settings)
        let random = RandomStream(seed: 7)
        let loader = try BatchLoader(
            inputs.train, batchSize: 2, mirrors: [.horizontal], random: random.stream("data"))
        let step = DistilledStep(base.graph, training: TrainingSettings(), distillation: .off)
        let losses = try (0..<3).map { index in
            try step.gradients(
                base.weights, loader.batch(step: index), teacher: nil, random.stream("step", index)
            ).totalLoss
        }
        var batches = 0
        let loss = try trainer.loss(base.graph, base.weights, random) { batches += 1 }
        #expect(batches == 3)
        _ = try trainer.importance(base.graph, base.weights, random) { batches += 1 }
        #expect(batches == 6)
        #expect(abs(loss / (losses.reduce(0, +) / 3) - 1) < 1e-5)
        #expect(try trainer.loss(base.graph, base.weights, random) {} == loss)
        #expect(try trainer.loss(base.graph, base.weights, RandomStream(seed: 8)) {} != loss)
    }
}
