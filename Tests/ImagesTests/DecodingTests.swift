import Basics
import Foundation
import Images
import TestSupport
import Testing

@Suite struct DecodingTests {
    static let replace = "\n  remedy: replace the picture, or take it out of the annotations"

    private func sample(width: Int = 61, height: Int = 43) -> RGBImage {
        var canvas = Canvas(RGBImage(width: width, height: height, fill: RGB(200, 180, 160)))
        canvas.fillEllipse(center: (30, 20), radii: (15, 9), angle: 0.4, RGB(150, 40, 60))
        canvas.text("Ab7", x: 3, y: 30, .black)
        return canvas.image
    }

    private func noise(width: Int, height: Int) throws -> RGBImage {
        var random = RandomStream(seed: 3)
        let pixels = (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
        return try RGBImage(width: width, height: height, pixels: pixels)
    }

    private func message(_ data: Data) -> String? {
        failureText { _ = try decodeImage(data, place: "train/x.jpg") }
    }

    @Test func pngKeepsEverySample() throws {
        let image = sample()
        let data = try encodePNG(image)
        #expect(try decodeImage(data, place: "x") == image)
        #expect(try imageHeader(of: data, place: "x") == ImageHeader(format: .png, width: 61, height: 43))
        #expect(try encodePNG(image) == data)
    }

    @Test func jpegComesNear() throws {
        let image = sample()
        let data = try encodeJPEG(image, quality: 95)
        let decoded = try decodeImage(data, place: "x")
        #expect(try imageHeader(of: data, place: "x") == ImageHeader(format: .jpeg, width: 61, height: 43))
        let error = zip(image.pixels, decoded.pixels).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) }
        #expect(error / Double(image.pixels.count) < 2)
    }

    static let kinds: [(String, String, [UInt8])] = [
        (
            "grey", "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGMQ+AAAARMBAXVbZvwAAAAASUVORK5CYII=",
            [16, 16, 16, 240, 240, 240]
        ),
        (
            "grey16",
            "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAAAAACB2fwVAAAADUlEQVR4nGMQYPjAAAACJQEBYy4D2AAAAABJRU5ErkJggg==",
            [16, 16, 16, 240, 240, 240]
        ),
        (
            "palette",
            "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAMAAADD/I+4AAAABlBMVEUBAgP//v3x5eCbAAAAC0lEQVR4nGNgZAAAAAUAAtFmM3gAAAAASUVORK5CYII=",
            [255, 254, 253, 1, 2, 3]
        ),
        (
            "alpha",
            "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGNgZGJu+P/vLwMAC6EDgSibnF0AAAAASUVORK5CYII=",
            [1, 2, 3, 255, 254, 253]
        ),
    ]

    @Test(arguments: kinds)
    func everyKindOfPNGBecomesRGB(kind: String, text: String, pixels: [UInt8]) throws {
        let data = try #require(Data(base64Encoded: text))
        #expect(try decodeImage(data, place: "x").pixels == pixels)
    }

    @Test func sizesAreCheckedBeforeMemoryIsTaken() throws {
        let bomb = "iVBORw0KGgoAAAANSUhEUgAA6mAAAOpgCAIAAAAPsOIVAAAACUlEQVR4nGMAAAABAAFe/335AAAAAElFTkSuQmCC"
        #expect(
            message(try #require(Data(base64Encoded: bomb)))
                == "train/x.jpg: error: the picture is too large (60000×60000; at most 268435456 pixels are decoded)\n"
                + "  remedy: scale it down")
        let short = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAC0lEQVR4nGNgRAIAAFsADaWOtcQAAAAASUVORK5CYII="
        #expect(
            message(try #require(Data(base64Encoded: short))) == "train/x.jpg: error: the PNG is truncated"
                + Self.replace)
    }

    @Test func truncatedJPEGIsRefusedWhereverItIsCut() throws {
        let whole = try encodeJPEG(noise(width: 64, height: 64), quality: 90)
        for length in stride(from: 3, to: whole.count - 2, by: 97) {
            #expect(message(whole.prefix(length)) != nil, "cut at \(length) of \(whole.count)")
        }
        #expect(
            message(whole.prefix(whole.count / 2)) == "train/x.jpg: error: the JPEG is truncated" + Self.replace)
    }

    @Test func truncatedPNGIsRefusedWhereverItIsCut() throws {
        let whole = try encodePNG(noise(width: 64, height: 64))
        for length in stride(from: 8, to: whole.count - 40, by: 97) {
            #expect(message(whole.prefix(length)) != nil, "cut at \(length) of \(whole.count)")
        }
        #expect(
            message(whole.prefix(whole.count / 2)) == "train/x.jpg: error: the PNG is truncated" + Self.replace)
    }

    @Test func damagedPNGIsRefused() throws {
        var data = try encodePNG(noise(width: 64, height: 64))
        data[data.count / 2] ^= 0xFF
        #expect(message(data)?.hasPrefix("train/x.jpg: error: the PNG is damaged: ") == true)
    }

    @Test func damagedJPEGNeverCrashes() throws {
        let whole = try encodeJPEG(sample(), quality: 80)
        var refused = 0
        for index in whole.indices {
            for mask: UInt8 in [0xFF, 0x01, 0x80] {
                var damaged = whole
                damaged[index] ^= mask
                if message(damaged) != nil { refused += 1 }
            }
        }
        #expect(refused > 100)
    }

    @Test func strayBytesBeforeTheEndAreHarmless() throws {
        let whole = try encodeJPEG(sample(), quality: 80)
        let stray = whole.dropLast(2) + Data([0, 0, 0, 0]) + whole.suffix(2)
        #expect(try decodeImage(stray, place: "x") == decodeImage(whole, place: "x"))
    }

    @Test(arguments: [
        ("", "the file is empty\n  remedy: copy the picture again"),
        ("GIF89a....", "this is a GIF picture\n  remedy: convert it to JPEG or PNG"),
        ("RIFF\u{1}\u{1}\u{1}\u{1}WEBPVP8 ", "this is a WebP picture\n  remedy: convert it to JPEG or PNG"),
        ("<html>", "this is neither a JPEG nor a PNG picture\n  remedy: convert it to JPEG or PNG"),
    ])
    func otherFilesAreRefused(text: String, expected: String) {
        #expect(message(Data(text.utf8)) == "train/x.jpg: error: " + expected)
    }

    @Test(.enabled(if: SharedFolder.isPresent, Comment(rawValue: SharedFolder.hint)))
    func greyJPEGBecomesThreeEqualSamples() throws {
        let url = try #require(SharedFolder.url).appending(path: "data/coco-by/train/000000000086.jpg")
        let image = try decodeImage(try Data(contentsOf: url), place: url.path)
        #expect(image.pixels.count == image.width * image.height * 3)
        var coloured = 0
        for index in stride(from: 0, to: image.pixels.count, by: 3) where Set(image.pixels[index..<index + 3]).count > 1
        {
            coloured += 1
        }
        #expect(coloured == 0)
    }
}
