import Basics

/// A picture of 8-bit red, green and blue samples.
public struct RGBImage: Sendable, Hashable {
    public let width: Int
    public let height: Int
    /// Height × width × 3, row by row.
    public var pixels: [UInt8]

    /// A picture of one colour.
    public init(width: Int, height: Int, fill: RGB = .black) {
        self.width = width
        self.height = height
        var pixels = [UInt8](repeating: fill.red, count: width * height * 3)
        if fill.green != fill.red || fill.blue != fill.red {
            for index in stride(from: 0, to: pixels.count, by: 3) {
                pixels[index + 1] = fill.green
                pixels[index + 2] = fill.blue
            }
        }
        self.pixels = pixels
    }

    /// A picture of given samples.
    public init(width: Int, height: Int, pixels: [UInt8]) throws {
        guard width > 0, height > 0, pixels.count == width * height * 3 else {
            throw Failure("\(pixels.count) samples do not make \(width)×\(height) RGB pixels", cause: .defect)
        }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The colour at a column and row inside the picture.
    public subscript(x: Int, y: Int) -> RGB {
        get {
            let index = (y * width + x) * 3
            return RGB(pixels[index], pixels[index + 1], pixels[index + 2])
        }
        set {
            let index = (y * width + x) * 3
            pixels[index] = newValue.red
            pixels[index + 1] = newValue.green
            pixels[index + 2] = newValue.blue
        }
    }
}

/// A colour of 8-bit samples.
public struct RGB: Sendable, Hashable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    public static let black = RGB(0, 0, 0)
    public static let white = RGB(255, 255, 255)

    /// Colours that are told apart well, also by the colour-blind, for classes (Okabe and Ito 2008).
    public static let palette = [
        RGB(230, 159, 0), RGB(0, 114, 178), RGB(0, 158, 115), RGB(213, 94, 0), RGB(204, 121, 167), RGB(86, 180, 233),
        RGB(240, 228, 66),
    ]
}
