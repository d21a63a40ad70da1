/// A box with a caption, in pixels of a picture.
public struct CaptionedBox: Sendable, Hashable {
    public var x1, y1, x2, y2: Double
    public var caption: String
    public var color: RGB

    public init(x1: Double, y1: Double, x2: Double, y2: Double, caption: String, color: RGB) {
        (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
        (self.caption, self.color) = (caption, color)
    }
}

extension Canvas {
    /// Draws boxes in their order, each with its caption on a plate at the upper left corner: above the box where there is
    /// room, else inside. Lines and letters grow with the picture.
    public mutating func draw(_ boxes: [CaptionedBox]) {
        let longer = max(image.width, image.height)
        let width = max(1.5, Double(longer) / 400)
        let scale = max(1, (longer + 400) / 800)
        for box in boxes {
            rectangle(box.x1, box.y1, box.x2, box.y2, box.color, width: width)
        }
        // Captions last, so that no line crosses one.
        for box in boxes where !box.caption.isEmpty {
            let margin = 2 * scale
            let size = (width: Canvas.textWidth(box.caption, scale: scale) + 2 * margin, height: 7 * scale + 2 * margin)
            let left = min(max(0, Int(box.x1)), max(0, image.width - size.width))
            let above = Int(box.y1) - size.height
            let top = max(0, above >= 0 ? above : Int(box.y1))
            fillRectangle(
                Double(left), Double(top), Double(left + size.width), Double(top + size.height), box.color, alpha: 0.9)
            text(box.caption, x: left + margin, y: top + margin, box.color.contrast, scale: scale)
        }
    }
}

extension RGB {
    /// Black or white, whichever is read more easily on this colour (ITU-R BT.601's luma).
    public var contrast: RGB {
        let luma = 0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)
        return luma > 140 ? .black : .white
    }
}

extension RGBImage {
    /// The picture enlarged by a whole factor, bilinearly between pixel centres.
    public func enlarged(by factor: Int) -> RGBImage {
        guard factor > 1 else { return self }
        var result = RGBImage(width: width * factor, height: height * factor)
        func taps(_ count: Int) -> [(low: Int, high: Int, weight: Double)] {
            (0..<count * factor).map { index in
                let place = max(0, (Double(index) + 0.5) / Double(factor) - 0.5)
                let low = min(count - 1, Int(place))
                return (low, min(count - 1, low + 1), place - Double(low))
            }
        }
        let (rows, columns) = (taps(height), taps(width))
        result.pixels.withUnsafeMutableBufferPointer { into in
            pixels.withUnsafeBufferPointer { from in
                for (y, row) in rows.enumerated() {
                    for (x, column) in columns.enumerated() {
                        for channel in 0..<3 {
                            func at(_ row: Int, _ column: Int) -> Double {
                                Double(from[(row * width + column) * 3 + channel])
                            }
                            let top =
                                at(row.low, column.low) * (1 - column.weight) + at(row.low, column.high) * column.weight
                            let bottom =
                                at(row.high, column.low) * (1 - column.weight) + at(row.high, column.high)
                                * column.weight
                            into[(y * columns.count + x) * 3 + channel] =
                                UInt8((top * (1 - row.weight) + bottom * row.weight).rounded())
                        }
                    }
                }
            }
        }
        return result
    }
}
