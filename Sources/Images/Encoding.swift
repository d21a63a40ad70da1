public import Foundation

/// The picture as a PNG (RGB, 8 bits). The same picture gives the same bytes with one version of zlib.
public func encodePNG(_ image: RGBImage) throws -> Data { try PNG.encode(image) }

/// The picture as a JPEG; `quality` from 1 to 100, with full chroma above 90.
public func encodeJPEG(_ image: RGBImage, quality: Int = 90) throws -> Data {
    try JPEG.encode(image, quality: quality)
}
