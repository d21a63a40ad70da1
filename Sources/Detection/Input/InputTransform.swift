public import DetectorKit
import Tensor

/// Makes batches of images, as torchvision's `GeneralizedRCNNTransform` does: the shorter side is scaled to
/// `input.shorter`, or less where the longer one would pass `input.longer`; bilinear without antialiasing, pixel
/// centres at halves; channels normalised by ImageNet's mean and deviation; zeros up to a multiple of 32.
public struct InputTransform: Sendable {
    public let input: DetectorArchitecture.InputSize

    public static let mean: SIMD3<Float> = [0.485, 0.456, 0.406]
    public static let deviation: SIMD3<Float> = [0.229, 0.224, 0.225]
    static let divisor = 32

    public init(_ input: DetectorArchitecture.InputSize) { self.input = input }

    /// The size of an image after resizing.
    public func resized(_ size: ImageSize) -> ImageSize {
        let (shorter, longer) = (Double(min(size.width, size.height)), Double(max(size.width, size.height)))
        let scale = min(Double(input.shorter) / shorter, Double(input.longer) / longer)
        // A strip of an image keeps at least a pixel.
        return ImageSize(
            width: max(Int(Double(size.width) * scale), 1), height: max(Int(Double(size.height) * scale), 1))
    }

    /// A batch of images.
    public func batch(_ images: [ImagePlanes]) -> ImageBatch {
        let sizes = images.map { resized($0.size) }
        func padded(_ side: (ImageSize) -> Int) -> Int {
            let most = sizes.map(side).max() ?? 0
            return (most + Self.divisor - 1) / Self.divisor * Self.divisor
        }
        let (height, width) = (padded(\.height), padded(\.width))
        let area = height * width * 3
        // A block of 3 channels: pixels lie as in the image.
        let pixels = Tensor([images.count, 3, height, width], block: 3) { floats in
            for (index, image) in images.enumerated() {
                resize(
                    image, to: sizes[index],
                    into: UnsafeMutableBufferPointer(rebasing: floats[index * area..<(index + 1) * area]),
                    rowLength: width * 3)
            }
        }
        return ImageBatch(pixels: pixels, sizes: sizes, originalSizes: images.map(\.size))
    }

    /// Writes rows of `rowLength` floats, with zeros beside and below the image.
    private func resize(
        _ image: ImagePlanes, to size: ImageSize, into result: UnsafeMutableBufferPointer<Float>,
        rowLength: Int
    ) {
        let columns = taps(from: image.width, to: size.width, stride: 3)
        let rows = taps(from: image.height, to: size.height, stride: image.width * 3)
        let factor = 1 / (255 * Self.deviation)
        let offset = -Self.mean / Self.deviation
        result.update(repeating: 0)
        image.pixels.withUnsafeBufferPointer { source in
            columns.withUnsafeBufferPointer { columns in
                for (y, row) in rows.enumerated() {
                    for x in 0..<size.width {
                        let column = columns[x]
                        for channel in 0..<3 {
                            @inline(__always) func at(_ row: Int, _ column: Int) -> Float {
                                Float(source[row &+ column &+ channel])
                            }
                            let top =
                                at(row.first, column.first) * (1 - column.weight)
                                + at(row.first, column.second) * column.weight
                            let bottom =
                                at(row.second, column.first) * (1 - column.weight)
                                + at(row.second, column.second) * column.weight
                            let value = top * (1 - row.weight) + bottom * row.weight
                            result[y &* rowLength &+ x &* 3 &+ channel] = value * factor[channel] + offset[channel]
                        }
                    }
                }
            }
        }
    }

    /// Where an output pixel reads on one axis: two offsets, and the weight of the second.
    private struct Tap {
        let first: Int
        let second: Int
        let weight: Float
    }

    private func taps(from old: Int, to new: Int, stride: Int) -> [Tap] {
        let scale = Float(old) / Float(new)
        return (0..<new).map { position in
            let source = max(scale * (Float(position) + 0.5) - 0.5, 0)
            let first = min(Int(source), old - 1)
            let second = min(first + 1, old - 1)
            let weight = min(source - Float(first), 1)
            return Tap(first: first * stride, second: second * stride, weight: weight)
        }
    }
}
