import CKernels

extension CPUDevice {
    public func indicesByFallingScore(_ scores: [Float]) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: scores.count) { buffer, count in
            if let base = buffer.baseAddress { jk_sort_falling(scores, scores.count, base) }
            count = scores.count
        }
    }

    public func suppress(_ boxes: [Float], order: [Int32], threshold: Float, limit: Int) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: order.count) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            count = jk_nms(boxes, order, order.count, threshold, limit, base)
        }
    }

    public func intersectionOverUnion(_ a: [Float], _ b: [Float]) -> [Float] {
        let (rows, columns) = (a.count / 4, b.count / 4)
        return [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
            if let base = buffer.baseAddress { jk_box_iou(a, rows, b, columns, base) }
            count = rows * columns
        }
    }

    public func matchBoxes(
        _ candidates: UnsafeBufferPointer<Float>, to targets: UnsafeBufferPointer<Float>, positive: Float,
        negative: Float, keepsBest: Bool
    ) -> [Int32] {
        let count = candidates.count / 4
        return [Int32](unsafeUninitializedCapacity: count) { buffer, written in
            written = count
            guard let candidates = candidates.baseAddress, let matches = buffer.baseAddress else { return }
            // Not read where there are none.
            let first = targets.baseAddress ?? candidates
            jk_match_boxes(candidates, count, first, targets.count / 4, positive, negative, keepsBest ? 1 : 0, matches)
        }
    }

    public func encodeBoxes(
        _ boxes: UnsafeBufferPointer<Float>, from references: UnsafeBufferPointer<Float>, weights: SIMD4<Float>
    ) -> [Float] { code(boxes, references, weights, jk_encode_boxes) }

    public func decodeBoxes(
        _ offsets: UnsafeBufferPointer<Float>, from references: UnsafeBufferPointer<Float>, weights: SIMD4<Float>
    ) -> [Float] { code(offsets, references, weights, jk_decode_boxes) }

    private func code(
        _ from: UnsafeBufferPointer<Float>, _ references: UnsafeBufferPointer<Float>, _ weights: SIMD4<Float>,
        _ kernel: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int)
            -> Void
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: from.count) { buffer, written in
            written = from.count
            guard let source = from.baseAddress, let references = references.baseAddress,
                let result = buffer.baseAddress
            else { return }
            kernel(source, references, [weights[0], weights[1], weights[2], weights[3]], result, from.count / 4)
        }
    }
}
