/// A box in pixels, from the picture's left upper corner: `x1 ≤ x < x2`, `y1 ≤ y < y2`.
public struct PixelBox: Sendable, Hashable {
    public var x1: Float
    public var y1: Float
    public var x2: Float
    public var y2: Float

    public init(x1: Float, y1: Float, x2: Float, y2: Float) {
        self.x1 = x1
        self.y1 = y1
        self.x2 = x2
        self.y2 = y2
    }

    public var width: Float { x2 - x1 }
    public var height: Float { y2 - y1 }
}

/// A box as COCO files state it: left upper corner and size, in pixels and in full precision. Metrics use this one.
public struct SourceBox: Sendable, Hashable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The part of it inside a picture.
    public func clipped(toWidth pictureWidth: Int, height pictureHeight: Int) -> PixelBox {
        func clip(_ value: Double, _ limit: Int) -> Float { Float(min(max(value, 0), Double(limit))) }
        return PixelBox(
            x1: clip(x, pictureWidth), y1: clip(y, pictureHeight), x2: clip(x + width, pictureWidth),
            y2: clip(y + height, pictureHeight))
    }

    /// Whether it reaches more than a hundredth of a pixel beyond a picture.
    func reachesBeyond(width pictureWidth: Int, height pictureHeight: Int) -> Bool {
        x < -0.01 || y < -0.01 || x + width > Double(pictureWidth) + 0.01 || y + height > Double(pictureHeight) + 0.01
    }
}
