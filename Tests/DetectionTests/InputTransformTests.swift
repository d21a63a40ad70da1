import Detection
import DetectorKit
import Tensor
import Testing

@Suite struct InputTransformTests {
    private func gradient(_ width: Int, _ height: Int) -> ImagePlanes {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { pixels += [UInt8(x * 7 % 256), UInt8(y * 5 % 256), UInt8((y * width + x) % 251)] }
        }
        return ImagePlanes(width: width, height: height, pixels: pixels)
    }

    @Test(arguments: [
        (640, 480, 320, 240), (480, 640, 240, 320), (1000, 300, 320, 96), (320, 240, 320, 240), (333, 217, 320, 208),
        (5000, 10, 320, 1),
    ])
    func sizes(width: Int, height: Int, newWidth: Int, newHeight: Int) {
        let transform = InputTransform(.init(shorter: 240, longer: 320))
        #expect(
            transform.resized(ImageSize(width: width, height: height))
                == ImageSize(width: newWidth, height: newHeight))
    }

    @Test func anImageOfTheRightSizeIsOnlyNormalisedAndPadded() {
        let image = gradient(40, 33)
        let batch = InputTransform(.init(shorter: 33, longer: 64)).batch([image])
        #expect(batch.pixels.shape == [1, 3, 64, 64])
        let floats = batch.pixels.array
        for (channel, x, y) in [(0, 0, 0), (1, 39, 32), (2, 17, 20)] {
            let raw = Float(image.pixels[(y * 40 + x) * 3 + channel]) / 255
            let expected = (raw - InputTransform.mean[channel]) / InputTransform.deviation[channel]
            #expect(abs(floats[(channel * 64 + y) * 64 + x] - expected) < 2e-6)
        }
        #expect(floats[40] == 0 && floats[33 * 64] == 0)
    }

    /// Each operation rounded by itself, in the order of the formula: interpolated along the row, between rows,
    /// normalised.
    private func reference(_ image: ImagePlanes, _ size: ImageSize, padded: ImageSize) -> [Float] {
        func taps(_ old: Int, _ new: Int) -> [(low: Int, high: Int, weight: Float)] {
            (0..<new).map {
                let place = max(Float(old) / Float(new) * (Float($0) + 0.5) - 0.5, 0)
                let low = min(Int(place), old - 1)
                return (low, min(low + 1, old - 1), min(place - Float(low), 1))
            }
        }
        let (columns, rows) = (taps(image.width, size.width), taps(image.height, size.height))
        var floats = [Float](repeating: 0, count: 3 * padded.height * padded.width)
        for channel in 0..<3 {
            let factor = 1 / (255 * InputTransform.deviation[channel])
            let offset = -InputTransform.mean[channel] / InputTransform.deviation[channel]
            for (y, row) in rows.enumerated() {
                for (x, column) in columns.enumerated() {
                    func along(_ line: Int) -> Float {
                        func at(_ x: Int) -> Float { Float(image.pixels[(line * image.width + x) * 3 + channel]) }
                        return at(column.low) * (1 - column.weight) + at(column.high) * column.weight
                    }
                    let value = along(row.low) * (1 - row.weight) + along(row.high) * row.weight
                    floats[(channel * padded.height + y) * padded.width + x] = value * factor + offset
                }
            }
        }
        return floats
    }

    private func mirrored(_ image: ImagePlanes, _ mirrorings: Set<Mirroring>) -> ImagePlanes {
        var pixels: [UInt8] = []
        for y in 0..<image.height {
            let row = mirrorings.contains(.vertical) ? image.height - 1 - y : y
            for x in 0..<image.width {
                let start = (row * image.width + (mirrorings.contains(.horizontal) ? image.width - 1 - x : x)) * 3
                pixels += image.pixels[start..<start + 3]
            }
        }
        return ImagePlanes(width: image.width, height: image.height, pixels: pixels)
    }

    /// To the bit, for smaller, larger and equal sizes, wider than the kernel's strips, and down to a pixel.
    @Test(
        arguments: [(97, 61), (31, 300), (5, 3), (1, 7), (1, 1), (900, 41), (64, 48)],
        [[], [.horizontal], [.vertical], [.horizontal, .vertical]] as [Set<Mirroring>])
    func resizingHasTheBitsOfItsFormula(size: (width: Int, height: Int), mirrorings: Set<Mirroring>) {
        let image = gradient(size.width, size.height)
        let transform = InputTransform(.init(shorter: 48, longer: 640))
        let other = gradient(20, 20)
        for onOneThread in [true, false] {
            let batch = transform.batch([image, other], mirrorings: [mirrorings, []], onOneThread: onOneThread)
            let expected = reference(mirrored(image, mirrorings), batch.sizes[0], padded: batch.paddedSize)
            #expect(Array(batch.pixels.array.prefix(expected.count)) == expected)
        }
    }

    @Test func anEmptyBatchIsEmpty() {
        #expect(InputTransform(.init(shorter: 48, longer: 64)).batch([]).count == 0)
    }

    /// The mirrored box holds the mirrored pixels.
    @Test(arguments: [[], [.horizontal], [.vertical], [.horizontal, .vertical]] as [Set<Mirroring>])
    func boxesFollowTheirPixels(mirrorings: Set<Mirroring>) {
        var pixels = [UInt8](repeating: 0, count: 8 * 6 * 3)
        // A white rectangle: x 1…2, y 1…3.
        for y in 1...3 { for x in 1...2 { for c in 0..<3 { pixels[(y * 8 + x) * 3 + c] = 255 } } }
        let image = ImagePlanes(width: 8, height: 6, pixels: pixels)
        let target = DetectionTarget(boxes: [Box(x1: 1, y1: 1, x2: 3, y2: 4)], labels: [1])
        let turned = InputTransform(.init(shorter: 6, longer: 8)).batch([image], mirrorings: [mirrorings])
        let floats = turned.pixels.array
        let box = target.mirrored(mirrorings, image.size).boxes[0]
        for y in 0..<6 {
            for x in 0..<8 {
                let inside = Float(x) >= box.x1 && Float(x) < box.x2 && Float(y) >= box.y1 && Float(y) < box.y2
                #expect((floats[y * 32 + x] > 0) == inside, "\(x) \(y)")
            }
        }
    }

    @Test func aBatchIsAsLargeAsItsLargestImages() {
        let batch = InputTransform(.init(shorter: 100, longer: 130)).batch([gradient(200, 120), gradient(60, 100)])
        #expect(batch.sizes == [ImageSize(width: 130, height: 78), ImageSize(width: 78, height: 130)])
        #expect(batch.paddedSize == ImageSize(width: 160, height: 160))
    }

    @Test func targetsMoveWithTheirImages() {
        let batch = InputTransform(.init(shorter: 64, longer: 96)).batch([gradient(50, 37)])
        #expect(batch.sizes == [ImageSize(width: 86, height: 64)])
        let target = DetectionTarget(boxes: [Box(x1: 5, y1: 6, x2: 25, y2: 36)], labels: [2])
        let moved = batch.resized([target])[0]
        #expect(moved.labels == [2])
        #expect(moved.boxes[0].x1 == 5 * (86 / 50) && moved.boxes[0].y2 == 36 * (64 / 37))
    }
}
