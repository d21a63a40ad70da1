import Basics
import Detection
import Tensor
import Testing

/// Random changes of training images, and what becomes of the objects on them.
@Suite struct ImageVariationTests {
    /// Four by two pixels, each channel of another decade.
    private let picture = ImagePlanes(
        width: 4, height: 2, pixels: (0..<8).flatMap { [UInt8($0), UInt8(100 + $0), UInt8(200 + $0)] })

    private func window(
        _ x: Int, _ y: Int, _ width: Int, _ height: Int, brightness: Float = 1, contrast: Float = 1,
        saturation: Float = 1
    ) -> DrawnVariation {
        DrawnVariation(
            x: x, y: y, size: ImageSize(width: width, height: height), brightness: brightness, contrast: contrast,
            saturation: saturation)
    }

    private func reds(_ image: ImagePlanes) -> [UInt8] {
        stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] }
    }

    @Test func aWindowShowsAPartOrAFrame() {
        let part = picture.varied(window(1, 1, 2, 1))
        #expect(part.width == 2 && part.height == 1 && part.pixels == [5, 105, 205, 6, 106, 206])
        let framed = picture.varied(window(-1, -1, 6, 4))
        // ImageNet's mean is 123.7, 116.3, 103.5.
        #expect(
            reds(framed) == [
                124, 124, 124, 124, 124, 124, 124, 0, 1, 2, 3, 124, 124, 4, 5, 6, 7, 124, 124, 124, 124, 124, 124, 124,
            ])
        #expect(Array(framed.pixels.prefix(3)) == [124, 116, 104])
        #expect(picture.varied(window(0, 0, 4, 2)) == picture)
    }

    @Test func coloursAreThoseOfTheirDefinitions() {
        let pair = ImagePlanes(width: 2, height: 1, pixels: [100, 0, 0, 0, 100, 200])
        // Luma is 29.9 and 81.5.
        #expect(pair.varied(window(0, 0, 2, 1, saturation: 0)).pixels == [29, 29, 29, 81, 81, 81])
        #expect(pair.varied(window(0, 0, 2, 1, contrast: 0)).pixels == Array(repeating: 55, count: 6))
        #expect(pair.varied(window(0, 0, 2, 1, brightness: 2)).pixels == [200, 0, 0, 0, 200, 255])
    }

    /// What is cut counts as long as a third of it is left, about.
    @Test func objectsGoWithTheWindow() {
        let boxes = [
            Box(x1: 20, y1: 20, x2: 40, y2: 40), Box(x1: 0, y1: 20, x2: 16, y2: 30), Box(x1: 4, y1: 20, x2: 24, y2: 30),
            Box(x1: 80, y1: 80, x2: 90, y2: 90),
        ]
        let target = DetectionTarget(boxes: boxes, labels: [1, 2, 3, 1])
        let seen = target.varied(window(15, 10, 40, 40))
        #expect(seen.labels == [1, 3])
        #expect(seen.boxes == [Box(x1: 5, y1: 10, x2: 25, y2: 30), Box(x1: 0, y1: 10, x2: 9, y2: 20)])
        let framed = target.varied(window(-10, -5, 200, 200))
        #expect(framed.labels == [1, 2, 3, 1] && framed.boxes[0] == Box(x1: 30, y1: 25, x2: 50, y2: 45))
    }

    /// Sizes between the two ends, each window inside the picture or around it.
    @Test func windowsAreDrawnWithinTheZoom() {
        let variation = ImageVariation(zoom: 1.5, colours: 0.2)
        let size = ImageSize(width: 300, height: 200)
        let random = RandomStream(seed: 3)
        let drawn = (0..<500).map { variation.draw(for: size, random.stream("image", $0)) }
        let widths = drawn.map(\.size.width)
        #expect(widths.min() ?? 0 >= 200 && widths.max() ?? 0 <= 450)
        #expect(widths.count { $0 < 220 } > 10 && widths.count { $0 > 420 } > 10)
        for one in drawn {
            let inside = [(one.x, one.size.width, 300), (one.y, one.size.height, 200)]
            #expect(inside.allSatisfy { x, side, whole in (min(0, whole - side)...max(0, whole - side)).contains(x) })
            #expect([one.brightness, one.contrast, one.saturation].allSatisfy { (0.8...1.2).contains($0) })
        }
        #expect(drawn[7] == variation.draw(for: size, random.stream("image", 7)))
        let none = ImageVariation(zoom: 1, colours: 0).draw(for: size, random)
        #expect(none == window(0, 0, 300, 200))
    }
}
