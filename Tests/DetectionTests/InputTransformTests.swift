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
