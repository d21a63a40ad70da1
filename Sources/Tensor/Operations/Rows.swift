import Devices

extension Tape {
    /// The same elements in row-major order under another shape.
    public func reshape(_ x: Variable, _ shape: [Int]) -> Variable {
        let original = x.shape
        let block = x.value.block
        return record(x.value.reshaped(shape), from: [x]) { gradient in
            let plain = gradient.reshaped(original)
            return [original.count == 4 ? plain.blocked(block) : plain]
        }
    }

    /// [N, …] to [N, the rest], in the order of C, H, W.
    public func flatten(_ x: Variable) -> Variable {
        reshape(x, [x.shape[0], x.shape.dropFirst().reduce(1, *)])
    }

    /// What a dense head says of each anchor: [N, A·K, H, W] to [N, H·W·A, K], torchvision's order of anchors (pixels
    /// row by row, the A anchors of a pixel side by side).
    public func headToRows(_ x: Variable, _ perAnchor: Int) -> Variable {
        let shape = x.shape
        let block = x.value.block
        precondition(
            perAnchor > 0 && shape[1] % perAnchor == 0, "\(perAnchor) values an anchor do not fit \(shape[1]) channels")
        // That is NHWC, read as rows.
        let rows = [shape[0], shape[2] * shape[3] * (shape[1] / perAnchor), perAnchor]
        let value = x.value.blocked(shape[1]).reinterpreted(rows)
        return record(value, from: [x]) { gradient in
            [gradient.reinterpreted(shape, block: shape[1]).blocked(block)]
        }
    }

    /// The rows `indices` of the first dimension, in that order; an index may occur several times.
    public func selectRows(_ x: Variable, _ indices: [Int]) -> Variable {
        let shape = x.shape
        let width = shape.dropFirst().reduce(1, *)
        precondition(indices.allSatisfy { (0..<shape[0]).contains($0) }, "there are \(shape[0]) rows")
        let plain = x.value.shape.count == 4 ? x.value.plain() : x.value
        let block = x.value.block
        let result = Tensor(unwritten: [indices.count] + shape.dropFirst())
        Compute.device.gatherRows(plain.pointer, indices, into: result.freshPointer, width: width)
        return record(result, from: [x]) { gradient in
            let part = Tensor(shape)
            Compute.device.scatterRows(gradient.pointer, indices, into: part.freshPointer, width: width)
            return [part.blockedLike(block)]
        }
    }

    /// Tensors of one shape but for the first dimension, one after the other along it.
    public func concatenateRows(_ parts: [Variable]) -> Variable {
        guard let first = parts.first else { return constant(Tensor([0])) }
        let rest = Array(first.shape.dropFirst())
        let width = rest.reduce(1, *)
        precondition(parts.allSatisfy { Array($0.shape.dropFirst()) == rest }, "rows that are joined have one shape")
        let counts = parts.map { $0.shape[0] }
        let block = first.value.block
        let result = Tensor(unwritten: [counts.reduce(0, +)] + rest, block: block)
        var start = 0
        for part in parts {
            let value = part.value.blockedLike(block)
            (result.freshPointer + start).update(from: value.pointer, count: value.count)
            start += value.count
        }
        let wanted = parts.map { $0.isTracked ? $0.value.block : nil }
        return record(result, from: parts) { gradient in
            var start = 0
            return zip(counts, wanted).map { count, wanted in
                defer { start += count * width }
                guard let wanted else { return nil }
                let part = Tensor(unwritten: [count] + rest, block: block)
                part.freshPointer.update(from: gradient.pointer + start, count: count * width)
                return part.blockedLike(wanted)
            }
        }
    }
}

extension Tensor {
    /// `blocked` for tensors of any rank: those that are no images have block 1 anyway.
    func blockedLike(_ block: Int) -> Tensor { shape.count == 4 ? blocked(block) : self }
}
