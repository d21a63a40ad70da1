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
            var target = resampled(teacher.pyramid.levels[level].value, like: own)
            if settings.featureForm == .correlation {
                own = standardised(own)
                target = standardised(tape.constant(target)).value
            }
            let mask = mask(objects, height: own.shape[2], width: own.shape[3])
            let total = mask.withUnsafeFloats { $0.reduce(0, +) } * Float(own.shape[1])
            // The mean square of the difference of two standardised channels is 2 (1 − r).
            let factor: Float = settings.featureForm == .correlation ? 2 : 1
            return tape.meanSquared(own, target: target, mask: mask, normalizer: factor * max(total, 1))
        }
        return tape.scale(tape.sum(losses), by: Float(settings.features) / Float(levels))
    }

    /// Each channel with mean 0 and variance 1 over the batch's pixels.
    private func standardised(_ x: Variable) -> Variable {
        let channels = x.shape[1]
        return tape.batchNorm(
            x, scale: tape.constant(Tensor(repeating: 1, [channels])), shift: tape.constant(Tensor([channels])),
            eps: Norm.epsilon
        ).result
    }

    /// 1 in the boxes, `background` elsewhere: [N, 1, H, W].
    private func mask(_ objects: [[Box]], height: Int, width: Int) -> Tensor {
        let padded = student.images.paddedSize
        let (across, down) = (Float(width) / Float(padded.width), Float(height) / Float(padded.height))
        var values = [Float](repeating: Float(settings.background), count: objects.count * height * width)
        for (image, boxes) in objects.enumerated() {
            for box in boxes {
                let left = max(0, Int((box.x1 * across).rounded(.down)))
                let right = min(width, Int((box.x2 * across).rounded(.up)))
                let top = max(0, Int((box.y1 * down).rounded(.down)))
                let bottom = min(height, Int((box.y2 * down).rounded(.up)))
                guard left < right, top < bottom else { continue }
                for y in top..<bottom {
                    let row = (image * height + y) * width
                    for x in left..<right { values[row + x] = 1 }
                }
            }
        }
        return Tensor([objects.count, 1, height, width], values)
    }

    /// A teacher's map on the student's grid.
    private func resampled(_ map: Tensor, like own: Variable) -> Tensor {
        let (height, width) = (own.shape[2], own.shape[3])
        if map.shape[2] == height && map.shape[3] == width { return map }
        return tape.interpolateBilinear(tape.constant(map), toHeight: height, width: width).value
    }

    /// Cross-entropy against the teacher's objectness, each anchor counting as much as the surer of the two takes it
    /// for an object: the sea of plain background would drown the rest.
    private func objectness() -> Variable {
        var weights: [Float] = []
        var targets: [Float] = []
        let logits = zip(student.pyramid.objectness, teacher.pyramid.objectness).map { own, other -> Variable in
            let target = resampled(other.value, like: own).array.map { 1 / (1 + expf(-$0)) }
            weights += zip(own.value.array, target).map { max(1 / (1 + expf(-$0)), $1) }
            targets += target
            return tape.reshape(own, [own.value.count, 1])
        }
        let loss = tape.binaryCrossEntropyWithLogits(
            tape.concatenateRows(logits), targets: targets, weights: weights,
            normalizer: max(weights.reduce(0, +), 1))
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
