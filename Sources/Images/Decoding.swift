import Basics
public import Foundation

/// What a picture's bytes are, told by their content and never by a file's name.
public enum ImageFormat: String, Sendable {
    case jpeg
    case png

    /// The usual file extension.
    public var fileExtension: String { self == .jpeg ? "jpg" : "png" }
}

/// Format and size of a picture, read from its header.
public struct ImageHeader: Sendable, Hashable {
    public var format: ImageFormat
    public var width: Int
    public var height: Int

    public init(format: ImageFormat, width: Int, height: Int) {
        self.format = format
        self.width = width
        self.height = height
    }
}

/// The largest picture that is decoded: a small file can claim gigabytes of pixels.
let mostPixels = 1 << 28
let mostPixelsAcross = 65_500

/// Decodes a JPEG or PNG to RGB: grey becomes three equal samples, CMYK is converted, 16 bits become 8, and an alpha channel
/// is dropped. The EXIF orientation is ignored, as torchvision does, since boxes refer to the pixels as stored.
///
/// A picture that is cut off or damaged is refused, never filled up with grey. `place` names the file in errors.
public func decodeImage(_ data: Data, place: String) throws -> RGBImage {
    switch try imageFormat(of: data, place: place) {
    case .jpeg: try JPEG.decode(data, place: place)
    case .png: try PNG.decode(data, place: place)
    }
}

/// Reads a picture's header only.
public func imageHeader(of data: Data, place: String) throws -> ImageHeader {
    switch try imageFormat(of: data, place: place) {
    case .jpeg: try JPEG.header(of: data, place: place)
    case .png: try PNG.header(of: data, place: place)
    }
}

private func imageFormat(of data: Data, place: String) throws -> ImageFormat {
    if data.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if data.isEmpty { throw Failure("the file is empty", at: place, remedy: "copy the picture again") }
    let others: [(String, [UInt8], Int)] = [
        ("GIF", Array("GIF8".utf8), 0), ("BMP", Array("BM".utf8), 0), ("TIFF", Array("II*\0".utf8), 0),
        ("TIFF", Array("MM\0*".utf8), 0), ("WebP", Array("WEBP".utf8), 8), ("AVIF", Array("ftypavif".utf8), 4),
        ("HEIC", Array("ftypheic".utf8), 4), ("JPEG 2000", [0, 0, 0, 0x0C, 0x6A, 0x50], 0),
    ]
    let found = others.first { data.dropFirst($0.2).starts(with: $0.1) }
    throw Failure(
        found.map { "this is a \($0.0) picture" } ?? "this is neither a JPEG nor a PNG picture", at: place,
        remedy: "convert it to JPEG or PNG")
}

func checkSize(width: Int, height: Int, place: String) throws {
    guard width > 0, height > 0 else {
        throw Failure("the picture has no pixels (\(width)×\(height))", at: place, remedy: "remove or replace it")
    }
    guard width <= mostPixelsAcross, height <= mostPixelsAcross, width * height <= mostPixels else {
        throw Failure(
            "the picture is too large (\(width)×\(height); at most \(mostPixels) pixels are decoded)", at: place,
            remedy: "scale it down")
    }
}
