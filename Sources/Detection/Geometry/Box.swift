/// A width and a height in whole pixels.
public struct ImageSize: Sendable, Hashable, Codable {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// A box by its corners, in pixels: x to the right, y down, no pixel added (a box from 2 to 5 is 3 wide).
public struct Box: Sendable, Hashable, Codable {
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

    public static let zero = Box(x1: 0, y1: 0, x2: 0, y2: 0)

    public var width: Float { x2 - x1 }
    public var height: Float { y2 - y1 }
    public var area: Float { width * height }

    /// Whether both sides have at least this many pixels; not so where a coordinate is not a number.
    public func isAtLeast(_ side: Float) -> Bool { width >= side && height >= side }

    public func clipped(to size: ImageSize) -> Box {
        let (width, height) = (Float(size.width), Float(size.height))
        return Box(
            x1: min(max(x1, 0), width), y1: min(max(y1, 0), height), x2: min(max(x2, 0), width),
            y2: min(max(y2, 0), height))
    }

    /// The box in an image that was resized: each axis has its own scale.
    public func scaled(from old: ImageSize, to new: ImageSize) -> Box {
        guard old != new else { return self }
        let x = Float(new.width) / Float(old.width)
        let y = Float(new.height) / Float(old.height)
        return Box(x1: x1 * x, y1: y1 * y, x2: x2 * x, y2: y2 * y)
    }

    /// The area in common over the area of both.
    @inline(__always)
    public func overlap(_ other: Box) -> Float {
        let width = max(min(x2, other.x2) - max(x1, other.x1), 0)
        let height = max(min(y2, other.y2) - max(y1, other.y1), 0)
        let common = width * height
        return common / (area + other.area - common)
    }
}

/// A box that something found, with how sure it is: 0…1.
public struct ScoredBox: Sendable, Hashable {
    public var box: Box
    public var score: Float
    public init(box: Box, score: Float) {
        self.box = box
        self.score = score
    }
}
