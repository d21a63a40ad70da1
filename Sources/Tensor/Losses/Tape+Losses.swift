import Devices

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
            Compute.device.softmaxCrossEntropy(
                values, targets: labels, weights: weights, rows: rows, classes: classes, factor: factor,
                gradient: gradient)
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
                return Compute.device.klDivergence(
                    values, probabilities: base, weights: weights, rows: rows, classes: classes,
                    temperature: Double(temperature), factor: factor, gradient: gradient)
            }
        }
    }

    /// Σ_i w_i · BCE(sigmoid(logit_i), target_i) / normalizer; targets in row-major order, from 0 to 1.
    public func binaryCrossEntropyWithLogits(
        _ logits: Variable, targets: [Float], weights: [Float]? = nil, normalizer: Float? = nil
    ) -> Variable {
        elementwise(logits, targets, weights, normalizer) { values, count, factor, gradient in
            Compute.device.binaryCrossEntropy(
                values, targets: targets, weights: weights, count: count, factor: factor, gradient: gradient)
        }
    }

    /// Σ_i w_i · h(x_i − target_i) / normalizer with h(d) = d² / 2β where |d| < β, else |d| − β/2 (Girshick, "Fast R-CNN",
    /// 2015). β = 0 gives L1. Targets in row-major order.
    public func smoothL1(
        _ prediction: Variable, target: [Float], beta: Float, weights: [Float]? = nil, normalizer: Float? = nil
    ) -> Variable {
        precondition(beta >= 0, "smooth L1's beta is not negative")
        return elementwise(prediction, target, weights, normalizer) { values, count, factor, gradient in
            Compute.device.smoothL1(
                values, targets: target, weights: weights, count: count, beta: beta, factor: factor,
                gradient: gradient)
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
        let extent =
            isSpread
            ? MaskedExtent(
                planes: shape[0] * shape[1] / block, planesPerImage: shape[1] / block, pixels: shape[2] * shape[3],
                block: block)
            : MaskedExtent(planes: 1, planesPerImage: 1, pixels: count, block: 1)
        return loss(of: prediction, normalizer: normalizer ?? Float(count), plain: false) { values, factor, gradient in
            withExtendedLifetime((target, mask)) {
                Compute.device.maskedSquares(
                    values, targets: target.pointer, mask: mask?.pointer, extent, factor: factor, gradient: gradient)
            }
        }
    }

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
            if scale != 1 { slope.scale(by: scale) }
            return [slope.blocked(block)]
        }
    }
}

extension Tensor {
    /// softmax(x_r / temperature) of every row of a matrix.
    public func softmax(temperature: Float = 1) -> Tensor {
        precondition(shape.count == 2 && shape[1] > 0 && temperature > 0, "softmax is of rows of classes, not \(shape)")
        let result = Tensor(unwritten: shape)
        Compute.device.softmax(
            pointer, into: result.freshPointer, rows: shape[0], classes: shape[1], temperature: temperature)
        return result
    }
}
