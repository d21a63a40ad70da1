public import Basics
import Foundation

/// How training images are changed at random, beside being mirrored, so that a small data set shows more.
public struct ImageVariation: Sendable, Hashable, Codable {
    /// Objects are made larger or smaller by a factor from 1/zoom to zoom: the detector sees a part of the picture, or the
    /// picture within a frame. 1: as they are.
    public var zoom: Double
    /// Brightness, contrast and saturation are multiplied by factors from 1 − colours to 1 + colours. 0: as they are.
    public var colours: Double

    public init(zoom: Double, colours: Double) {
        self.zoom = zoom
        self.colours = colours
    }

    /// Draws one for an image of this size.
    public func draw(for size: ImageSize, _ random: RandomStream) -> DrawnVariation {
        var random = random
        let scale = exp(random.uniform(-log(zoom), log(zoom)))
        let width = max(1, Int((Double(size.width) * scale).rounded()))
        let height = max(1, Int((Double(size.height) * scale).rounded()))
        // Anywhere inside the picture, or with the picture anywhere inside.
        let x = Int((Double(size.width - width) * random.uniform()).rounded())
        let y = Int((Double(size.height - height) * random.uniform()).rounded())
        func factor() -> Float { Float(random.uniform(1 - colours, 1 + colours)) }
        return DrawnVariation(
            x: x, y: y, size: ImageSize(width: width, height: height), brightness: factor(), contrast: factor(),
            saturation: factor())
    }
}

/// One variation of one image.
public struct DrawnVariation: Sendable, Hashable {
    /// Where the window's corner lies in the picture; outside of it where the window is the larger one.
    public var x: Int
    public var y: Int
    /// The window's size: that of the varied image.
    public var size: ImageSize
    public var brightness: Float
    public var contrast: Float
    public var saturation: Float

    public init(x: Int, y: Int, size: ImageSize, brightness: Float, contrast: Float, saturation: Float) {
        self.x = x
        self.y = y
        self.size = size
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
    }

    var changesColours: Bool { brightness != 1 || contrast != 1 || saturation != 1 }
}

extension DetectionTarget {
    /// Of an object that the window cuts, this share must be left; else it does not count as one.
    static let leastVisible: Float = 0.3

    /// What is to be found in the varied image.
    public func varied(_ drawn: DrawnVariation) -> DetectionTarget {
        var target = DetectionTarget(boxes: [], labels: [])
        let (width, height) = (Float(drawn.size.width), Float(drawn.size.height))
        for (box, label) in zip(boxes, labels) {
            let moved = Box(
                x1: max(box.x1 - Float(drawn.x), 0), y1: max(box.y1 - Float(drawn.y), 0),
                x2: min(box.x2 - Float(drawn.x), width), y2: min(box.y2 - Float(drawn.y), height))
            let (left, whole) = (
                (moved.x2 - moved.x1, moved.y2 - moved.y1), (box.x2 - box.x1) * (box.y2 - box.y1)
            )
            guard left.0 >= 1, left.1 >= 1, left.0 * left.1 >= Self.leastVisible * whole else { continue }
            target.boxes.append(moved)
            target.labels.append(label)
        }
        return target
    }
}

extension ImagePlanes {
    /// ImageNet's mean, which is nothing to a detector (`InputTransform.mean`).
    private static let frame: [UInt8] = (0..<3).map { UInt8((InputTransform.mean[$0] * 255).rounded()) }

    public func varied(_ drawn: DrawnVariation) -> ImagePlanes {
        let window = drawn.x == 0 && drawn.y == 0 && drawn.size == size ? self : seen(through: drawn)
        return drawn.changesColours ? window.coloured(drawn) : window
    }

    private func seen(through drawn: DrawnVariation) -> ImagePlanes {
        let (newWidth, newHeight) = (drawn.size.width, drawn.size.height)
        let columns = max(0, drawn.x)..<min(width, drawn.x + newWidth)
        let rows = max(0, drawn.y)..<min(height, drawn.y + newHeight)
        let samples = [UInt8](unsafeUninitializedCapacity: newWidth * newHeight * 3) { memory, count in
            count = newWidth * newHeight * 3
            if columns.count < newWidth || rows.count < newHeight {
                for index in 0..<count { memory[index] = Self.frame[index % 3] }
            }
            pixels.withUnsafeBufferPointer { source in
                for row in rows {
                    let from = (row * width + columns.lowerBound) * 3
                    let to = ((row - drawn.y) * newWidth + columns.lowerBound - drawn.x) * 3
                    for index in 0..<(columns.count * 3) { memory[to + index] = source[from + index] }
                }
            }
        }
        return ImagePlanes(width: newWidth, height: newHeight, pixels: samples)
    }

    /// Saturation first, then contrast about the picture's mean, then brightness; as torchvision's ColorJitter defines each.
    private func coloured(_ drawn: DrawnVariation) -> ImagePlanes {
        let count = width * height
        let mean = pixels.withUnsafeBufferPointer { source in
            (0..<count).reduce(Float(0)) { $0 + Self.grey(source, $1) } / Float(count)
        }
        let samples = [UInt8](unsafeUninitializedCapacity: pixels.count) { memory, written in
            written = pixels.count
            pixels.withUnsafeBufferPointer { source in
                for pixel in 0..<count {
                    let grey = Self.grey(source, pixel)
                    for index in 3 * pixel..<3 * pixel + 3 {
                        let saturated = grey + drawn.saturation * (Float(source[index]) - grey)
                        let value = drawn.brightness * (mean + drawn.contrast * (saturated - mean))
                        memory[index] = UInt8(min(max(value, 0), 255))
                    }
                }
            }
        }
        return ImagePlanes(width: width, height: height, pixels: samples)
    }

    /// Luma (ITU-R BT.601).
    private static func grey(_ source: UnsafeBufferPointer<UInt8>, _ pixel: Int) -> Float {
        0.299 * Float(source[3 * pixel]) + 0.587 * Float(source[3 * pixel + 1]) + 0.114 * Float(source[3 * pixel + 2])
    }
}
