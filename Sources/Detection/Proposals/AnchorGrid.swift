public import DetectorKit
import Glibc

/// The anchors of a batch's pyramid: level after level, row after row, all ratios at each place.
public struct AnchorGrid: Sendable {
    public let boxes: [Box]
    /// The anchors of each level.
    public let levels: [Range<Int>]

    /// - Parameters:
    ///   - grids: the size of each level's features.
    ///   - padded: the size of the batch's images; a level's stride is this over its grid, whole pixels.
    public init(_ anchors: DetectorArchitecture.Anchors, grids: [ImageSize], padded: ImageSize) {
        var boxes: [Box] = []
        var levels: [Range<Int>] = []
        boxes.reserveCapacity(grids.reduce(0) { $0 + $1.width * $1.height } * anchors.ratios.count)
        for (grid, size) in zip(grids, anchors.sizes) {
            let shapes = Self.shapes(size: size, ratios: anchors.ratios)
            let start = boxes.count
            let (strideX, strideY) = (padded.width / grid.width, padded.height / grid.height)
            for row in 0..<grid.height {
                for column in 0..<grid.width {
                    let (x, y) = (Float(column * strideX), Float(row * strideY))
                    for shape in shapes {
                        boxes.append(
                            Box(x1: x + shape.x1, y1: y + shape.y1, x2: x + shape.x2, y2: y + shape.y2))
                    }
                }
            }
            levels.append(start..<boxes.count)
        }
        self.boxes = boxes
        self.levels = levels
    }

    /// The anchors around the origin, rounded to whole pixels (halves to even), one for each ratio of height to width.
    public static func shapes(size: Int, ratios: [Double]) -> [Box] {
        ratios.map { ratio in
            let heightFactor = Float(ratio).squareRoot()
            let width = 1 / heightFactor * Float(size)
            let height = heightFactor * Float(size)
            return Box(
                x1: (-width / 2).rounded(.toNearestOrEven), y1: (-height / 2).rounded(.toNearestOrEven),
                x2: (width / 2).rounded(.toNearestOrEven), y2: (height / 2).rounded(.toNearestOrEven))
        }
    }
}
