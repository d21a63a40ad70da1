public import Basics
public import Dataset
public import Images

/// A picture drawn like a stained blood smear under the microscope, with its objects' boxes: a data set that needs no
/// download, has overlaps, noise, rare classes and sizes from specks to large cells, and is learnt in minutes.
///
/// The same stream and size give the same picture on every machine of one C library.
public struct SmearScene: Sendable {
    public let image: RGBImage
    /// Objects of which at least 30 % can be seen, in the order in which they lie on each other.
    public let objects: [Object]

    /// An object as drawn: its box is as tight as the pixels it covers, cut at the picture's edge.
    public struct Object: Sendable, Hashable {
        public var kind: SmearClass
        /// Whole pixels, as left, top, width and height.
        public var box: SourceBox
        /// Pixels that it covers, seen or not.
        public var area: Int
        /// The part of it inside the picture that no other object covers.
        public var visible: Double
    }

    /// Draws a scene; sizes below 48 pixels leave no room for cells.
    public init(width: Int, height: Int, random: RandomStream) {
        let width = max(48, width)
        let height = max(48, height)
        var painter = ScenePainter(width: width, height: height, random: random)
        painter.paintBackground()
        painter.paintObjects()
        painter.finish()
        image = painter.field.image()
        objects = painter.visibleObjects()
    }
}
