/// Images in memory: `[images][channels / block][pixels][block]`.
public struct ImageLayout: Sendable, Hashable {
    public var images, channels, pixels, block: Int

    public init(images: Int, channels: Int, pixels: Int, block: Int) {
        (self.images, self.channels, self.pixels, self.block) = (images, channels, pixels, block)
    }
}

/// A two-dimensional window that slides over images of one size.
public struct Window: Sendable, Hashable {
    public var height, width, kernel, stride, padding, outHeight, outWidth: Int

    public init(
        height: Int, width: Int, kernel: Int, stride: Int, padding: Int, outHeight: Int, outWidth: Int
    ) {
        (self.height, self.width) = (height, width)
        (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
        (self.outHeight, self.outWidth) = (outHeight, outWidth)
    }
}

/// Linear interpolation along an axis: (1 − weight) · [low] + weight · [high].
public struct Tap: Sendable, Hashable {
    public var low, high: Int
    public var weight: Float

    public init(low: Int, high: Int, weight: Float) { (self.low, self.high, self.weight) = (low, high, weight) }
}

/// A picture in host memory, and where each row and column of its resized form reads. Taps may come in any order: from
/// right to left they mirror it.
public struct ResizedPicture: Sendable {
    /// Three beside each other a pixel, row by row.
    public var samples: [UInt8]
    public var height, width: Int
    public var rows, columns: [Tap]

    public init(samples: [UInt8], height: Int, width: Int, rows: [Tap], columns: [Tap]) {
        (self.samples, self.height, self.width) = (samples, height, width)
        (self.rows, self.columns) = (rows, columns)
    }
}

/// Where each pixel of a result reads from its source, row by row and column by column, in `planes` blocks of channels.
public struct PixelGrid<Source: Sendable>: Sendable {
    public var rows, columns: [Source]
    public var planes, block, height, width: Int

    /// - Parameters:
    ///   - planes: images · channels / block.
    ///   - height: of the source; `width` likewise.
    public init(rows: [Source], columns: [Source], planes: Int, block: Int, height: Int, width: Int) {
        (self.rows, self.columns) = (rows, columns)
        (self.planes, self.block, self.height, self.width) = (planes, block, height, width)
    }
}

/// A level of a feature pyramid that RoIAlign reads.
public struct FeatureLevel {
    public var elements: Floats
    public var height, width: Int
    /// Feature pixels for one image pixel.
    public var scale: Float

    public init(_ elements: Floats, height: Int, width: Int, scale: Float) {
        (self.elements, self.height, self.width, self.scale) = (elements, height, width, scale)
    }
}

/// A level whose gradient RoIAlign writes.
public struct MutableFeatureLevel {
    public var elements: MutableFloats
    public var height, width: Int
    /// Feature pixels for one image pixel.
    public var scale: Float

    public init(_ elements: MutableFloats, height: Int, width: Int, scale: Float) {
        (self.elements, self.height, self.width, self.scale) = (elements, height, width, scale)
    }
}

/// A region of interest: a box in image pixels, the image of the batch that it lies in, and the level to read it from.
public struct Region: Sendable, Hashable {
    public var x1, y1, x2, y2: Float
    public var image, level: Int

    public init(x1: Float, y1: Float, x2: Float, y2: Float, image: Int, level: Int) {
        (self.x1, self.y1, self.x2, self.y2, self.image, self.level) = (x1, y1, x2, y2, image, level)
    }
}

/// What RoIAlign's forward and backward share. `size · sampling` is at most 64.
public struct RegionAlignment: Sendable {
    public var images, channels, block: Int
    public var regions: [Region]
    /// Bins along each side of the result, and samples along each side of a bin.
    public var size, sampling: Int

    public init(images: Int, channels: Int, block: Int, regions: [Region], size: Int, sampling: Int) {
        (self.images, self.channels, self.block) = (images, channels, block)
        (self.regions, self.size, self.sampling) = (regions, size, sampling)
    }
}

/// An operand of a matrix product. Transposed, it lies in memory as [k, m] or [n, k].
public struct MatrixOperand {
    public var elements: Floats
    public var isTransposed: Bool

    public init(_ elements: Floats, transposed: Bool = false) { (self.elements, isTransposed) = (elements, transposed) }
}

/// The sizes of a matrix product [m, k] · [k, n], and what becomes of the result that was there.
public struct MatrixProduct: Sendable, Hashable {
    public var m, n, k: Int
    public var beta: Float
    public var precision: Precision

    public init(m: Int, n: Int, k: Int, beta: Float = 0, precision: Precision = .float32) {
        (self.m, self.n, self.k, self.beta, self.precision) = (m, n, k, beta, precision)
    }
}

/// What a masked sum runs over: `[planes][pixels][block]`, and a mask for each group of `planesPerImage` planes.
public struct MaskedExtent: Sendable, Hashable {
    public var planes, planesPerImage, pixels, block: Int

    public init(planes: Int, planesPerImage: Int, pixels: Int, block: Int) {
        (self.planes, self.planesPerImage, self.pixels, self.block) = (planes, planesPerImage, pixels, block)
    }
}

/// A library that computes for a device.
public struct DeviceLibrary: Sendable, Hashable {
    /// Such as oneDNN.
    public var name: String
    /// Such as 2.6.3.
    public var version: String
    /// What it dispatches to on this machine, such as avx2.
    public var target: String

    public init(name: String, version: String, target: String) {
        (self.name, self.version, self.target) = (name, version, target)
    }
}
