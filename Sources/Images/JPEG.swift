import Basics
import CTurboJPEG
import Foundation

/// JPEG through libjpeg-turbo's TurboJPEG API.
enum JPEG {
    static func header(of data: Data, place: String) throws -> ImageHeader {
        try withDecoder { try header($0, data, place).header }
    }

    static func decode(_ data: Data, place: String) throws -> RGBImage {
        try withDecoder { decoder in
            let (header, colorSpace) = try header(decoder, data, place)
            let (width, height) = (header.width, header.height)
            let isCMYK = colorSpace == Int32(TJCS_CMYK.rawValue) || colorSpace == Int32(TJCS_YCCK.rawValue)
            let samples = isCMYK ? 4 : 3
            let format = isCMYK ? TJPF_CMYK : TJPF_RGB
            let pixels = try [UInt8](unsafeUninitializedCapacity: width * height * samples) { buffer, count in
                let result = data.withUnsafeBytes { bytes in
                    tjDecompress2(
                        decoder, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), buffer.baseAddress,
                        Int32(width), Int32(width * samples), Int32(height), Int32(format.rawValue),
                        TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT)
                }
                if result != 0 { try check(decoder, place) }
                count = buffer.count
            }
            return try RGBImage(width: width, height: height, pixels: isCMYK ? rgb(fromCMYK: pixels) : pixels)
        }
    }

    private static func header(
        _ decoder: tjhandle, _ data: Data, _ place: String
    ) throws -> (header: ImageHeader, colorSpace: Int32) {
        var (width, height, sampling, colorSpace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let result = data.withUnsafeBytes { bytes in
            tjDecompressHeader3(
                decoder, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), &width, &height, &sampling,
                &colorSpace)
        }
        if result != 0 { try check(decoder, place) }
        try checkSize(width: Int(width), height: Int(height), place: place)
        return (ImageHeader(format: .jpeg, width: Int(width), height: Int(height)), colorSpace)
    }

    /// Throws unless the last trouble was harmless. libjpeg goes on after damage with a warning and makes up pixels;
    /// only stray bytes between segments and odd header fields leave the picture as it was.
    private static func check(_ decoder: tjhandle, _ place: String) throws {
        let message = tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "unknown error"
        if tjGetErrorCode(decoder) == Int32(TJERR_WARNING.rawValue) {
            let isDamage = message.contains("Corrupt JPEG data") && !message.contains("extraneous bytes")
            if !isDamage && !message.contains("remature end") { return }
        }
        let isTruncated = message.contains("remature end") || message.contains("Empty input")
        throw Failure(
            isTruncated ? "the JPEG is truncated" : "the JPEG is damaged: \(plain(message))", at: place,
            remedy: "replace the picture, or take it out of the annotations")
    }

    /// `tjDecompress2(): Corrupt JPEG data: bad Huffman code` → `bad Huffman code`.
    private static func plain(_ message: String) -> String {
        message.components(separatedBy: ": ").last ?? message
    }

    /// Adobe programs write CMYK inverted, and hardly anyone else writes it; so does Pillow take it.
    private static func rgb(fromCMYK samples: [UInt8]) -> [UInt8] {
        var pixels = [UInt8](repeating: 0, count: samples.count / 4 * 3)
        for index in 0..<samples.count / 4 {
            let black = Int(samples[index * 4 + 3])
            for channel in 0..<3 {
                pixels[index * 3 + channel] = UInt8((Int(samples[index * 4 + channel]) * black + 127) / 255)
            }
        }
        return pixels
    }

    private static func withDecoder<Result>(_ body: (tjhandle) throws -> Result) throws -> Result {
        guard let decoder = tjInitDecompress() else {
            throw Failure("libjpeg-turbo cannot start", remedy: "free some memory", cause: .system)
        }
        defer { tjDestroy(decoder) }
        return try body(decoder)
    }

    static func encode(_ image: RGBImage, quality: Int) throws -> Data {
        guard let encoder = tjInitCompress() else {
            throw Failure("libjpeg-turbo cannot start", remedy: "free some memory", cause: .system)
        }
        defer { tjDestroy(encoder) }
        var buffer: UnsafeMutablePointer<UInt8>?
        var size: UInt = 0
        defer { tjFree(buffer) }
        // Above 90, people look at edges of colour: keep the chroma whole.
        let sampling = quality > 90 ? TJSAMP_444 : TJSAMP_420
        let result = tjCompress2(
            encoder, image.pixels, Int32(image.width), 0, Int32(image.height), Int32(TJPF_RGB.rawValue), &buffer, &size,
            Int32(sampling.rawValue), Int32(min(100, max(1, quality))), TJFLAG_ACCURATEDCT)
        guard result == 0, let buffer else {
            let message = tjGetErrorStr2(encoder).map { String(cString: $0) } ?? "unknown error"
            throw Failure("cannot encode a JPEG: \(plain(message))", cause: .defect)
        }
        return Data(bytes: buffer, count: Int(size))
    }
}
