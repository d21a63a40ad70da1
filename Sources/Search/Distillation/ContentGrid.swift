package import Detection
package import Tensor

/// The cells of a level of a network's pyramid, and the images that they look at. Images lie at the top left of their batch's
/// padding, which differs with the input size: cells of two networks that look at the same place do not have the same share of
/// their maps.
package struct ContentGrid {
    /// Of each image, within the padding.
    package let sizes: [ImageSize]
    package let height: Int
    package let width: Int
    /// Pixels from a cell to the next, down and across: what the batch is padded to over the cells, as anchors have it.
    private let stride: (down: Int, across: Int)

    /// - Parameter padded: the size of the batch.
    package init(_ sizes: [ImageSize], padded: ImageSize, height: Int, width: Int) {
        self.sizes = sizes
        (self.height, self.width) = (height, width)
        stride = (padded.height / max(1, height), padded.width / max(1, width))
    }

    /// How many rows and columns of cells look at an image; the others look at padding.
    package func content(of image: Int) -> (rows: Int, columns: Int) {
        func cells(_ side: Int, _ stride: Int, _ most: Int) -> Int { min(most, (side + stride - 1) / max(1, stride)) }
        return (
            cells(sizes[image].height, stride.down, height), cells(sizes[image].width, stride.across, width)
        )
    }

    /// The rows and columns of cells that a box covers, within the image.
    package func cells(of box: Box, image: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        let (rows, columns) = content(of: image)
        func range(_ low: Float, _ high: Float, _ stride: Int, _ most: Int) -> Range<Int> {
            let first = max(0, Int((low / Float(stride)).rounded(.down)))
            let end = min(most, Int((high / Float(stride)).rounded(.up)))
            return first..<max(first, end)
        }
        return (
            range(box.y1, box.y2, stride.down, rows), range(box.x1, box.x2, stride.across, columns)
        )
    }

    /// Another network's map of the same level and images, at the places that these cells look at.
    package func sampled(_ map: Tensor, of other: ContentGrid) -> Tensor {
        if sizes == other.sizes && (height, width) == (other.height, other.width) { return map }
        func places(
            _ count: Int, _ own: Int, _ theirs: Int, _ side: KeyPath<ImageSize, Int>
        ) -> [[Float]] {
            zip(sizes, other.sizes).map { size, seen in
                let ratio = Float(seen[keyPath: side]) / Float(size[keyPath: side])
                // A cell looks at the pixel of its number times the stride, whose centre is half a pixel further.
                return (0..<count).map { ((Float($0 * own) + 0.5) * ratio - 0.5) / Float(theirs) }
            }
        }
        return map.sampled(
            rows: places(height, stride.down, other.stride.down, \.height),
            columns: places(width, stride.across, other.stride.across, \.width))
    }
}
