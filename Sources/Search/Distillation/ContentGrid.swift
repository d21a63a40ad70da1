package import Detection
package import Tensor

/// The cells of a feature map, and the images that they look at. Images lie at the top left of their batch's padding, which differs
/// with the input size: cells of two networks that look at the same place do not have the same share of their maps.
package struct ContentGrid {
    /// Of each image, within the padding.
    package let sizes: [ImageSize]
    /// Pixels from a cell to the next.
    package let stride: Int
    package let height: Int
    package let width: Int

    /// - Parameter level: of the pyramid; strides are 4, 8, 16, …
    package init(_ sizes: [ImageSize], level: Int, height: Int, width: Int) {
        self.sizes = sizes
        stride = 4 << level
        self.height = height
        self.width = width
    }

    /// How many rows and columns of cells look at an image; the others look at padding.
    package func content(of image: Int) -> (rows: Int, columns: Int) {
        func cells(_ side: Int, _ most: Int) -> Int { min(most, (side + stride - 1) / stride) }
        return (cells(sizes[image].height, height), cells(sizes[image].width, width))
    }

    /// Another network's map of the same level and images, at the places that these cells look at.
    package func sampled(_ map: Tensor, of others: [ImageSize]) -> Tensor {
        if sizes == others && map.shape[2] == height && map.shape[3] == width { return map }
        func places(_ count: Int, _ side: KeyPath<ImageSize, Int>) -> [[Float]] {
            zip(sizes, others).map { own, other in
                let ratio = Float(other[keyPath: side]) / Float(own[keyPath: side])
                // A cell looks at the pixel of its number times the stride, whose centre is half a pixel further.
                return (0..<count).map { ((Float($0 * stride) + 0.5) * ratio - 0.5) / Float(stride) }
            }
        }
        return map.sampled(rows: places(height, \.height), columns: places(width, \.width))
    }
}
