import Devices

extension Tensor {
    /// For kernels over channels.
    var images: ImageLayout {
        precondition(shape.count == 4, "images have four dimensions, not \(shape)")
        return ImageLayout(images: shape[0], channels: shape[1], pixels: shape[2] * shape[3], block: block)
    }

    /// For each channel of each image, its mean and Σ (x − mean)².
    func channelMoments() -> [SIMD2<Double>] {
        [SIMD2<Double>](unsafeUninitializedCapacity: shape[0] * shape[1]) { buffer, count in
            count = shape[0] * shape[1]
            guard let base = buffer.baseAddress else { return }
            base.withMemoryRebound(to: Double.self, capacity: count * 2) {
                Compute.device.channelMoments(pointer, images, into: $0)
            }
        }
    }

    /// For each channel of each image, Σ g and Σ g · (x − center), where g is this gradient, zero where `output` is not
    /// above zero.
    func channelGradientSums(output: Tensor?, x: Tensor, center: [Float]) -> [SIMD2<Double>] {
        [SIMD2<Double>](unsafeUninitializedCapacity: shape[0] * shape[1]) { buffer, count in
            count = shape[0] * shape[1]
            guard let base = buffer.baseAddress else { return }
            base.withMemoryRebound(to: Double.self, capacity: count * 2) {
                Compute.device.channelSums(
                    pointer, output: output?.pointer, x: x.pointer, center: center, images, into: $0)
            }
        }
    }

    /// For each channel, the sum over images and pixels.
    func channelSums() -> Tensor {
        var sums = [Double](repeating: 0, count: shape[0] * shape[1] * 2)
        Compute.device.channelSums(pointer, output: nil, x: nil, center: nil, images, into: &sums)
        let channels = shape[1]
        return Tensor(
            [channels],
            (0..<channels).map { c in
                Float((0..<shape[0]).reduce(0.0) { $0 + sums[($1 * channels + c) * 2] })
            })
    }

    /// a · (x − center) + b for each channel of each image, plus `residual`, then max(0, ·) with `relu`.
    func channelAffine(center: [Float], _ a: [Float], _ b: [Float], residual: Tensor? = nil, relu: Bool) -> Tensor {
        let result = Tensor(unwritten: shape, block: block)
        let residual = residual?.blocked(block)
        withExtendedLifetime(residual) {
            Compute.device.channelAffine(
                pointer, center: center, a, b, residual: residual?.pointer, relu: relu, images,
                into: result.freshPointer)
        }
        return result
    }

    /// This gradient becomes a · g for each channel of each image; g is zero where `output` is not above zero.
    mutating func channelScaleBackward(output: Tensor?, _ a: [Float]) {
        let images = images
        overwrite { Compute.device.channelScaleBackward($0, output: output?.pointer, a, images, into: $1) }
    }

    /// This gradient becomes a · g + b · (x − center) + c.
    mutating func channelAffineBackward(
        output: Tensor?, x: Tensor, center: [Float], _ a: [Float], _ b: [Float], _ c: [Float]
    ) {
        let images = images
        overwrite {
            Compute.device.channelAffineBackward(
                $0, output: output?.pointer, x: x.pointer, center: center, a, b, c, images, into: $1)
        }
    }
}
