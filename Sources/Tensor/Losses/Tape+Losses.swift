import CKernels

// Each loss is a scalar. `normalizer` divides the sum; where it may be left out, it is the number of rows or elements.
// A sum over nothing is 0. `weights` multiply the losses of rows or elements. The gradient is worked out together with
// the value, in one pass over the operands.
extension Tape {
    /// Σ_r w_r · −log softmax(logits_r)[target_r] / normalizer, of `logits` [R, K]. A row with a negative target is
    /// left out (but counted by the default normalizer, R).
    public func softmaxCrossEntropy(
        _ logits: Variable, targets: [Int], weights: [Float]? = nil, normalizer: Float? = nil
    ) -> Variable {
        let (rows, classes) = rowsAndClasses(logits)
        precondition(targets.count == rows, "cross-entropy wants a target for each row")
        precondition(targets.allSatisfy { $0 < classes }, "a target is one of the \(classes) classes")
        precondition(weights.map { $0.count == rows } ?? true, "cross-entropy wants a weight for each row")
        let labels = targets.map { Int32($0) }
        return loss(of: logits, normalizer: normalizer ?? Float(rows)) { values, factor, gradient in
            jk_softmax_cross_entropy(values, labels, weights, rows, classes, factor, gradient)
        }
    }

    /// Σ_r w_r · T² · KL(p_r ‖ softmax(logits_r / T)) / normalizer, of `studentLogits` [R, K] and the teacher's p [R, K]
    /// at the same temperature (`softmax(_:temperature:)`). T² keeps the gradient's size at any temperature (Hinton,
    /// Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015).
    public func klDivergence(
        _ studentLogits: Variable, teacherProbabilities: Tensor, temperature: Float = 1, weights: [Float]? = nil,
        normalizer: Float? = nil
    ) -> Variable {
        let (rows, classes) = rowsAndClasses(studentLogits)
        precondition(teacherProbabilities.shape == studentLogits.shape, "teacher and student have the same classes")
        precondition(weights.map { $0.count == rows } ?? true, "the divergence wants a weight for each row")
        precondition(temperature > 0, "a temperature is above 0")
        return loss(of: studentLogits, normalizer: normalizer ?? Float(rows)) { values, factor, gradient in
            teacherProbabilities.withUnsafeFloats { probabilities in
                guard let base = probabilities.baseAddress else { return 0 }
                return jk_kl_divergence(
                    values, base, weights, rows, classes, Double(temperature), factor, gradient)
            }
        }
    }

    /// Σ_i w_i · BCE(sigmoid(logit_i), target_i) / normalizer; targets in row-major order, from 0 to 1.
    public func binaryCrossEntropyWithLogits(
        _ logits: Variable, targets: [Float], weights: [Float]? = nil, normalizer: Float? = nil
    ) -> Variable {
        elementwise(logits, targets, weights, normalizer) { values, count, factor, gradient in
            jk_binary_cross_entropy(values, targets, weights, count, factor, gradient)
        }
    }

    /// Σ_i w_i · h(x_i − target_i) / normalizer with h(d) = d² / 2β where |d| < β, else |d| − β/2 (Girshick, "Fast R-CNN",
    /// 2015). β = 0 gives L1. Targets in row-major order.
    public func smoothL1(
        _ prediction: Variable, target: [Float], beta: Float, weights: [Float]? = nil, normalizer: Float? = nil
    ) -> Variable {
        precondition(beta >= 0, "smooth L1's beta is not negative")
        return elementwise(prediction, target, weights, normalizer) { values, count, factor, gradient in
            jk_smooth_l1(values, target, weights, count, beta, factor, gradient)
        }
    }

    /// Σ m · (x − target)² / normalizer. Of images, `mask` may be [N, 1, H, W] and then counts for every channel; else
    /// it has the prediction's shape. Without a normalizer, the mean over all elements, masked or not.
    public func meanSquared(
        _ prediction: Variable, target: Tensor, mask: Tensor? = nil, normalizer: Float? = nil
    ) -> Variable {
        let shape = prediction.shape
        precondition(target.shape == shape, "\(target.shape) can not be compared with \(shape)")
        let isSpread = mask.map { $0.shape != shape } ?? false
        if isSpread {
            precondition(
                shape.count == 4 && mask?.shape == [shape[0], 1, shape[2], shape[3]],
                "a mask has the prediction's shape or one channel")
        }
        // A mask of every channel lies as the prediction does, and is then one long row of single elements.
        let block = prediction.value.block
        let target = target.blocked(block)
        let mask = isSpread ? mask?.plain() : mask?.blocked(block)
        let count = prediction.value.count
        let pixels = isSpread ? shape[2] * shape[3] : count
        let rowBlock = isSpread ? block : 1
        let planes = isSpread ? shape[0] * shape[1] / block : 1
        let planesPerImage = isSpread ? shape[1] / block : 1
        return loss(of: prediction, normalizer: normalizer ?? Float(count), plain: false) { values, factor, gradient in
            withExtendedLifetime((target, mask)) {
                jk_masked_squares(
                    values, target.pointer, mask?.pointer, planes, planesPerImage, pixels, rowBlock, factor, gradient)
            }
        }
    }

    private typealias Floats = UnsafePointer<Float>
    private typealias MutableFloats = UnsafeMutablePointer<Float>

    private func rowsAndClasses(_ logits: Variable) -> (Int, Int) {
        precondition(logits.shape.count == 2 && logits.shape[1] > 0, "logits are rows of classes, not \(logits.shape)")
        return (logits.shape[0], logits.shape[1])
    }

    private func elementwise(
        _ prediction: Variable, _ targets: [Float], _ weights: [Float]?, _ normalizer: Float?,
        _ compute: (Floats, Int, Double, MutableFloats?) -> Double
    ) -> Variable {
        let count = prediction.value.count
        precondition(targets.count == count, "\(targets.count) targets do not fit \(count) predictions")
        precondition(weights.map { $0.count == count } ?? true, "a loss wants a weight for each element")
        return loss(of: prediction, normalizer: normalizer ?? Float(count)) { values, factor, gradient in
            compute(values, count, factor, gradient)
        }
    }

    /// Runs a kernel over `x` (in row-major order unless `plain` is false) and keeps the gradient that it wrote.
    private func loss(
        of x: Variable, normalizer: Float, plain: Bool = true, _ compute: (Floats, Double, MutableFloats?) -> Double
    ) -> Variable {
        let values = plain ? x.value.plain() : x.value
        guard values.count > 0 else {
            return record(Tensor(0), from: [x]) { [shape = x.shape, block = x.value.block] _ in
                [Tensor(repeating: 0, shape, block: block)]
            }
        }
        precondition(normalizer > 0, "a normalizer is above 0")
        let slope = recording && x.isTracked ? Tensor(unwritten: x.shape, block: values.block) : nil
        let value = withExtendedLifetime((values, slope)) {
            compute(values.pointer, 1 / Double(normalizer), slope?.freshPointer)
        }
        let block = x.value.block
        return record(Tensor(Float(value)), from: [x]) { gradient in
            guard var slope else { return [nil] }
            let scale = gradient.scalar
            if scale != 1 {
                let pointer = slope.mutablePointer
                jk_scale(scale, pointer, pointer, slope.count)
            }
            return [slope.blocked(block)]
        }
    }
}

extension Tensor {
    /// softmax(x_r / temperature) of every row of a matrix.
    public func softmax(temperature: Float = 1) -> Tensor {
        precondition(shape.count == 2 && shape[1] > 0 && temperature > 0, "softmax is of rows of classes, not \(shape)")
        let result = Tensor(unwritten: shape)
        jk_softmax(pointer, result.freshPointer, shape[0], shape[1], temperature)
        return result
    }
}
