import Detection
import DetectorKit
import Glibc
import Tensor

/// A student's pass over a batch, as far as a teacher has to say something about it.
struct StudentView {
    let tape: Tape
    let images: ImageBatch
    let targets: [DetectionTarget]
    let pyramid: FeaturePyramid
    let regions: SampledRegions
    let answers: RegionAnswers
    /// The 1×1 adapters to the teacher's width, one a level, where the necks differ.
    let adapters: [Variable]
}

/// The losses of a student against its teacher, by name, each already weighted.
struct DistillationLosses {
    let student: StudentView
    let teacher: TeacherView
    let settings: DistillationSettings
    private var tape: Tape { student.tape }

    func all() throws -> [(name: String, loss: Variable)] {
        var losses: [(String, Variable)] = []
        if settings.features > 0 { losses.append(("distil_features", features())) }
        if settings.objectness > 0 { losses.append(("distil_objectness", objectness())) }
        if settings.classes > 0 || settings.boxes > 0 {
            let answers = try teacher.answers(student.regions.boxes, sizes: student.images.sizes)
            if settings.classes > 0 { losses.append(("distil_classes", classes(answers))) }
            if settings.boxes > 0 { losses.append(("distil_boxes", boxes(answers))) }
        }
        return losses
    }

    /// Levels that regions are cut from; the coarsest is a subsample of the one before it.
    private var levels: Int { student.pyramid.levels.count - 1 }

    private func features() -> Variable {
        let objects = zip(student.targets.map(\.boxes), teacher.objects(sizes: student.images.sizes)).map { $0 + $1 }
        let losses = (0..<levels).map { level -> Variable in
            var own = student.pyramid.levels[level]
            if !student.adapters.isEmpty { own = tape.convolution(own, weight: student.adapters[level]) }
            let map = teacher.pyramid.levels[level].value
            let grid = grid(own.value, student.images)
            var target = grid.sampled(map, of: self.grid(map, teacher.images))
            if settings.featureForm == .correlation {
                own = standardised(own)
                target = standardised(tape.constant(target)).value
            }
            let mask = mask(objects, on: grid)
            let total = mask.withUnsafeFloats { $0.reduce(0, +) } * Float(own.shape[1])
            // The mean square of the difference of two standardised channels is 2 (1 − r).
            let factor: Float = settings.featureForm == .correlation ? 2 : 1
            return tape.meanSquared(own, target: target, mask: mask, normalizer: factor * max(total, 1))
        }
        return tape.scale(tape.sum(losses), by: Float(settings.features) / Float(levels))
    }

    /// Each channel with mean 0 and variance 1 over the batch's pixels, those of the padding too.
    private func standardised(_ x: Variable) -> Variable {
        let channels = x.shape[1]
        return tape.batchNorm(
            x, scale: tape.constant(Tensor(repeating: 1, [channels])), shift: tape.constant(Tensor([channels])),
            eps: Norm.epsilon
        ).result
    }

    private func grid(_ map: Tensor, _ images: ImageBatch) -> ContentGrid {
        ContentGrid(images.sizes, padded: images.paddedSize, height: map.shape[2], width: map.shape[3])
    }

    /// 1 in the boxes, `background` in the rest of the images, 0 in the padding: [N, 1, H, W].
    private func mask(_ objects: [[Box]], on grid: ContentGrid) -> Tensor {
        let (height, width) = (grid.height, grid.width)
        var values = [Float](repeating: 0, count: objects.count * height * width)
        for (image, boxes) in objects.enumerated() {
            let (rows, columns) = grid.content(of: image)
            func fill(_ rows: Range<Int>, _ columns: Range<Int>, _ value: Float) {
                for y in rows { for x in columns { values[(image * height + y) * width + x] = value } }
            }
            fill(0..<rows, 0..<columns, Float(settings.background))
            for box in boxes {
                let covered = grid.cells(of: box, image: image)
                fill(covered.rows, covered.columns, 1)
            }
        }
        return Tensor([objects.count, 1, height, width], values)
    }

    /// Cross-entropy against the teacher's objectness, each anchor counting as much as the surer of the two takes it
    /// for an object: the sea of plain background would drown the rest. Anchors in the padding do not count.
    private func objectness() -> Variable {
        var weights: [Float] = []
        var targets: [Float] = []
        let pairs = zip(student.pyramid.objectness, teacher.pyramid.objectness)
        let logits = pairs.map { own, other -> Variable in
            let grid = grid(own.value, student.images)
            let target = grid.sampled(other.value, of: self.grid(other.value, teacher.images)).array.map {
                1 / (1 + expf(-$0))
            }
            var surer = zip(own.value.array, target).map { max(1 / (1 + expf(-$0)), $1) }
            let anchors = own.shape[1]
            for image in student.images.sizes.indices {
                let (rows, columns) = grid.content(of: image)
                for row in 0..<anchors * grid.height {
                    let start = (image * anchors * grid.height + row) * grid.width
                    let first = row % grid.height < rows ? columns : 0
                    for x in first..<grid.width { surer[start + x] = 0 }
                }
            }
            weights += surer
            targets += target
            return tape.reshape(own, [own.value.count, 1])
        }
        let loss = tape.binaryCrossEntropyWithLogits(
            tape.concatenateRows(logits), targets: targets, weights: weights,
            // In this order a sum that is no number gives 1: the loss itself tells of the divergence.
            normalizer: max(1, weights.reduce(0, +)))
        return tape.scale(loss, by: Float(settings.objectness))
    }

    private func classes(_ teacher: RegionAnswers) -> Variable {
        let temperature = Float(settings.temperature)
        let loss = tape.klDivergence(
            student.answers.classLogits,
            teacherProbabilities: teacher.classLogits.value.softmax(temperature: temperature),
            temperature: temperature, normalizer: Float(max(student.regions.count, 1)))
        return tape.scale(loss, by: Float(settings.classes))
    }

    /// Smooth L1 to the teacher's offsets for the class of the region, where the teacher is nearer to the target than
    /// the student by the margin.
    private func boxes(_ teacher: RegionAnswers) -> Variable {
        let labels = student.regions.labels.flatMap { $0 }
        let regions = student.regions.boxes.flatMap { $0 }
        let targets = student.regions.targets.flatMap { $0 }
        let classCount = student.answers.classLogits.shape[1]
        let own = student.answers.boxDeltas.value.array
        let other = teacher.boxDeltas.value.array
        let positives = labels.indices.filter { labels[$0] > 0 }
        let offsets = BoxCoder.regions.encode(positives.map { targets[$0] }, from: positives.map { regions[$0] })
        var rows: [Int] = []
        var wanted: [Float] = []
        for (index, region) in positives.enumerated() {
            let row = region * classCount + labels[region]
            func distance(_ answers: [Float]) -> Float {
                (0..<4).reduce(0) { $0 + abs(answers[row * 4 + $1] - offsets[index * 4 + $1]) }
            }
            guard distance(other) + Float(settings.boxMargin) < distance(own) else { continue }
            rows.append(row)
            wanted += other[row * 4..<row * 4 + 4]
        }
        let deltas = tape.reshape(student.answers.boxDeltas, [labels.count * classCount, 4])
        let loss = tape.smoothL1(
            tape.selectRows(deltas, rows), target: wanted, beta: 1 / 9, normalizer: Float(max(labels.count, 1)))
        return tape.scale(loss, by: Float(settings.boxes))
    }
}
