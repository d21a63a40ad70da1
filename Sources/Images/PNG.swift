import Basics
import CSPNG
import Foundation
import Glibc

/// PNG through libspng.
enum PNG {
    static func header(of data: Data, place: String) throws -> ImageHeader {
        try withDecoder(data, place) { try header($0, place) }
    }

    static func decode(_ data: Data, place: String) throws -> RGBImage {
        try withDecoder(data, place) { decoder in
            let header = try header(decoder, place)
            let count = header.width * header.height * 3
            let format = Int32(SPNG_FMT_RGB8.rawValue)
            var needed = 0
            try check(spng_decoded_image_size(decoder, format, &needed), place)
            guard needed == count else { throw Failure("the PNG's size is contradictory", at: place) }
            let pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                try check(spng_decode_image(decoder, buffer.baseAddress, buffer.count, format, 0), place)
                filled = count
            }
            return try RGBImage(width: header.width, height: header.height, pixels: pixels)
        }
    }

    private static func header(_ decoder: OpaquePointer, _ place: String) throws -> ImageHeader {
        var ihdr = spng_ihdr()
        try check(spng_get_ihdr(decoder, &ihdr), place)
        try checkSize(width: Int(ihdr.width), height: Int(ihdr.height), place: place)
        return ImageHeader(format: .png, width: Int(ihdr.width), height: Int(ihdr.height))
    }

    private static func check(_ result: Int32, _ place: String) throws {
        guard result != 0 else { return }
        let isTruncated = result == Int32(SPNG_IO_EOF.rawValue) || result == Int32(SPNG_EIDAT_TOO_SHORT.rawValue)
        let text = String(cString: spng_strerror(result))
        throw Failure(
            isTruncated ? "the PNG is truncated" : "the PNG is damaged: \(text)", at: place,
            remedy: "replace the picture, or take it out of the annotations")
    }

    private static func withDecoder<Result>(
        _ data: Data, _ place: String, _ body: (OpaquePointer) throws -> Result
    ) throws -> Result {
        guard let decoder = spng_ctx_new(0) else {
            throw Failure("libspng cannot start", remedy: "free some memory", cause: .system)
        }
        defer { spng_ctx_free(decoder) }
        // Text and colour profiles are of no use here: bound what they may unpack to.
        spng_set_chunk_limits(decoder, 1 << 24, 1 << 26)
        return try data.withUnsafeBytes { bytes in
            try check(spng_set_png_buffer(decoder, bytes.baseAddress, bytes.count), place)
            return try body(decoder)
        }
    }

    static func encode(_ image: RGBImage) throws -> Data {
        guard let encoder = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
            throw Failure("libspng cannot start", remedy: "free some memory", cause: .system)
        }
        defer { spng_ctx_free(encoder) }
        var ihdr = spng_ihdr()
        ihdr.width = UInt32(image.width)
        ihdr.height = UInt32(image.height)
        ihdr.bit_depth = 8
        ihdr.color_type = UInt8(SPNG_COLOR_TYPE_TRUECOLOR.rawValue)
        spng_set_option(encoder, SPNG_ENCODE_TO_BUFFER, 1)
        spng_set_ihdr(encoder, &ihdr)
        var result = spng_encode_image(
            encoder, image.pixels, image.pixels.count, Int32(SPNG_FMT_PNG.rawValue),
            Int32(SPNG_ENCODE_FINALIZE.rawValue))
        var size = 0
        guard result == 0, let buffer = spng_get_png_buffer(encoder, &size, &result) else {
            throw Failure("cannot encode a PNG: \(String(cString: spng_strerror(result)))", cause: .defect)
        }
        defer { free(buffer) }
        return Data(bytes: buffer, count: size)
    }
}
