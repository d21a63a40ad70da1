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
}
