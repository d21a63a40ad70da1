import CKernels
public import Devices

extension CPUDevice {
    public func reblock(_ source: Floats, _ images: ImageLayout, into result: MutableFloats, block: Int) {
        jk_reblock(source, images.block, result, block, images.images, images.channels, images.pixels)
    }

    public func maxPool(
        _ x: Floats, into result: MutableFloats, choice: UnsafeMutablePointer<UInt8>?, planes: Int, block: Int,
        _ window: Window
    ) {
        jk_max_pool(x, result, choice, planes, block, jk_window(window))
    }

    public func maxPoolBackward(
        _ gradient: Floats, choice: UnsafePointer<UInt8>, into result: MutableFloats, planes: Int, block: Int,
        _ window: Window
    ) {
        jk_max_pool_backward(gradient, choice, result, planes, block, jk_window(window))
    }

    public func pickPixels(_ source: Floats, into result: MutableFloats, _ grid: PixelGrid<Int>) {
        jk_pick_pixels(
            source, result, grid.rows, grid.columns, grid.planes, grid.block, grid.height, grid.width, grid.rows.count,
            grid.columns.count)
    }

    public func pickPixelsBackward(_ gradient: Floats, into result: MutableFloats, _ grid: PixelGrid<Int>) {
        jk_pick_pixels_backward(
            gradient, result, grid.rows, grid.columns, grid.planes, grid.block, grid.height, grid.width,
            grid.rows.count, grid.columns.count)
    }

    public func bilinear(_ source: Floats, into result: MutableFloats, _ grid: PixelGrid<Tap>) {
        jk_bilinear(
            source, result, grid.rows.map(jk_tap.init), grid.columns.map(jk_tap.init), grid.planes, grid.block,
            grid.height, grid.width, grid.rows.count, grid.columns.count)
    }

    public func resize(
        _ picture: ResizedPicture, into result: MutableFloats, height: Int, width: Int, factor: SIMD3<Float>,
        offset: SIMD3<Float>, onOneThread: Bool
    ) {
        picture.samples.withUnsafeBufferPointer { samples in
            guard let samples = samples.baseAddress else { return }
            jk_resize_picture(
                jk_picture(samples: samples, height: picture.height, width: picture.width),
                picture.rows.map(jk_tap.init), picture.rows.count, picture.columns.map(jk_tap.init),
                picture.columns.count, [factor.x, factor.y, factor.z], [offset.x, offset.y, offset.z],
                jk_padded(floats: result, height: height, width: width), onOneThread ? 0 : 1)
        }
    }

    public func roiAlign(_ levels: [FeatureLevel], _ regions: RegionAlignment, into result: MutableFloats) {
        // Forward only reads the levels; the kernel's type serves both directions.
        let levels = levels.map {
            jk_level(
                data: MutableFloats(mutating: $0.elements), height: $0.height, width: $0.width, scale: $0.scale)
        }
        regions.withKernelShape(levels) { jk_roi_align(&$0, result) }
    }

    public func roiAlignBackward(_ gradient: Floats, into levels: [MutableFeatureLevel], _ regions: RegionAlignment) {
        let levels = levels.map {
            jk_level(data: $0.elements, height: $0.height, width: $0.width, scale: $0.scale)
        }
        regions.withKernelShape(levels) { jk_roi_align_backward(&$0, gradient) }
    }
}

extension jk_window {
    fileprivate init(_ window: Window) {
        self.init(
            channels: 0, height: window.height, width: window.width, kernelHeight: window.kernel,
            kernelWidth: window.kernel, stride: window.stride, padding: window.padding, outHeight: window.outHeight,
            outWidth: window.outWidth)
    }
}

extension jk_tap {
    fileprivate init(_ tap: Tap) { self.init(low: tap.low, high: tap.high, weight: tap.weight) }
}

extension RegionAlignment {
    fileprivate func withKernelShape(_ levels: [jk_level], _ body: (inout jk_roi_align_shape) -> Void) {
        let regions = regions.map {
            jk_region(x1: $0.x1, y1: $0.y1, x2: $0.x2, y2: $0.y2, image: Int32($0.image), level: Int32($0.level))
        }
        levels.withUnsafeBufferPointer { levels in
            regions.withUnsafeBufferPointer { regions in
                // Neither pointer is read where its count is 0.
                guard let level = levels.baseAddress, let region = regions.baseAddress else { return }
                var shape = jk_roi_align_shape(
                    levels: level, level_count: levels.count, images: images, channels: channels, block: block,
                    regions: region, region_count: regions.count, size: size, sampling: sampling)
                body(&shape)
            }
        }
    }
}
