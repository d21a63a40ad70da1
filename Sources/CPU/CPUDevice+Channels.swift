import CKernels
public import Devices

extension CPUDevice {
    public func channelMoments(_ x: Floats, _ images: ImageLayout, into result: UnsafeMutablePointer<Double>) {
        jk_channel_moments(x, jk_images(images), result)
    }

    public func channelSums(
        _ gradient: Floats, output: Floats?, x: Floats?, center: [Float]?, _ images: ImageLayout,
        into result: UnsafeMutablePointer<Double>
    ) {
        jk_channel_sums(gradient, output, x, center, jk_images(images), result)
    }

    public func channelAffine(
        _ x: Floats, center: [Float], _ a: [Float], _ b: [Float], residual: Floats?, relu: Bool, _ images: ImageLayout,
        into result: MutableFloats
    ) {
        jk_channel_affine(x, center, a, b, residual, result, jk_images(images), relu ? 1 : 0)
    }

    public func channelScaleBackward(
        _ gradient: Floats, output: Floats?, _ a: [Float], _ images: ImageLayout, into result: MutableFloats
    ) {
        jk_channel_affine_backward(gradient, output, nil, nil, a, nil, nil, result, jk_images(images))
    }

    public func channelAffineBackward(
        _ gradient: Floats, output: Floats?, x: Floats, center: [Float], _ a: [Float], _ b: [Float], _ c: [Float],
        _ images: ImageLayout, into result: MutableFloats
    ) {
        jk_channel_affine_backward(gradient, output, x, center, a, b, c, result, jk_images(images))
    }
}

extension jk_images {
    fileprivate init(_ images: ImageLayout) {
        self.init(
            images: images.images, channels: images.channels, pixels: images.pixels, block: images.block)
    }
}
