import Basics
import Foundation
import Images
import Spool
import TestSupport
import Testing

@testable import StatusPage

/// The page as it looks. The pictures are left in the folder that JDNAS_SCREENSHOTS names, if it is set.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: Browser.program != nil, Comment(rawValue: Browser.hint)))
struct ScreenshotTests {
    /// As wide as a phone and a desk, and high enough for most of the page.
    @Test(arguments: [("phone", 390, 3600), ("desktop", 1280, 2000)])
    func lightAndDark(_ name: String, _ width: Int, _ height: Int) throws {
        let scratch = try TemporaryFolder()
        let named = ProcessInfo.processInfo.environment["JDNAS_SCREENSHOTS"].flatMap { $0.isEmpty ? nil : $0 }
        let folder = named.map { URL(filePath: $0) } ?? scratch.url
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let html = Sample.overview().html(written: .now)
        let pictures = try [false, true].map { isDark in
            let file = folder.appending(path: "status-\(name)-\(isDark ? "dark" : "light").png")
            let screen = BrowserTests.Screen(width: width, height: height, isDark: isDark)
            let whole = try Browser.picture(of: html, on: screen)
            try encodePNG(Self.page(in: whole, on: screen)).write(to: file)
            let data = try Data(contentsOf: file)
            #expect(try imageHeader(of: data, place: file.path) == .init(format: .png, width: width, height: height))
            return try decodeImage(data, place: file.path)
        }
        let (light, dark) = (Look(pictures[0]), Look(pictures[1]))
        #expect(light.paper == RGB(255, 255, 255) && dark.paper == RGB(20, 24, 28))
        #expect(light.brightness > 200 && dark.brightness < 60, "\(light.brightness), \(dark.brightness)")
        // With letters, lines, and the colours of states.
        #expect(light.colours > 50 && dark.colours > 50, "\(light.colours), \(dark.colours)")
        #expect(light.isWritten && dark.isWritten)
    }

    /// The page without its surroundings, which begin right where the screen ends.
    private static func page(in picture: RGBImage, on screen: BrowserTests.Screen) throws -> RGBImage {
        let (width, height) = (screen.width, screen.height)
        try #require(picture.width > width && picture.height > height)
        let line = picture.width * 3
        let pixels = (0..<height).flatMap { picture.pixels[($0 * line)..<($0 * line + width * 3)] }
        let page = try RGBImage(width: width, height: height, pixels: pixels)
        for y in stride(from: 0, to: height, by: 10) {
            try #require(picture[width, y] == Browser.surroundings && page[width - 1, y] != Browser.surroundings)
        }
        return page
    }

    /// What a look at a picture tells, from every third line and pixel.
    private struct Look {
        /// The colour that most of it has.
        var paper = RGB.black
        /// The mean of all channels.
        var brightness = 0.0
        var colours = 0
        /// Whether both halves have something on them.
        var isWritten = false

        init(_ image: RGBImage) {
            var counts: [RGB: Int] = [:]
            var halves: [Set<RGB>] = [[], []]
            for y in stride(from: 0, to: image.height, by: 3) {
                for x in stride(from: 0, to: image.width, by: 3) {
                    let colour = image[x, y]
                    counts[colour, default: 0] += 1
                    halves[y * 2 / image.height].insert(colour)
                }
            }
            let sum = counts.reduce(0) { $0 + (Int($1.key.red) + Int($1.key.green) + Int($1.key.blue)) * $1.value }
            brightness = Double(sum) / Double(3 * counts.values.reduce(0, +))
            paper = counts.max { $0.value < $1.value }?.key ?? .black
            colours = counts.count
            isWritten = halves.allSatisfy { $0.count > 20 }
        }
    }
}
