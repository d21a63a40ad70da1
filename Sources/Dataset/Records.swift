/// An object in a picture.
public struct ObjectAnnotation: Sendable, Hashable {
    /// The annotation's id in the data set's file.
    public var id: Int
    /// Inside the picture: what a detector learns.
    public var box: PixelBox
    /// As the file states it: what metrics compare with.
    public var sourceBox: SourceBox
    /// From 1 on; see `CategoryTable`.
    public var label: Int
    /// The box holds many objects (COCO's `iscrowd`): not learnt, and detections in it are not counted as wrong.
    public var isCrowd: Bool
    /// Pixels of the object (of its mask where the file has one, else of its box). Decides small, medium and large.
    public var area: Double

    public init(
        id: Int, box: PixelBox, sourceBox: SourceBox, label: Int, isCrowd: Bool = false, area: Double
    ) {
        self.id = id
        self.box = box
        self.sourceBox = sourceBox
        self.label = label
        self.isCrowd = isCrowd
        self.area = area
    }
}

/// A picture of a data set.
public struct ImageRecord: Sendable, Hashable {
    public var id: Int
    /// As in the annotation file, relative to the split's folder.
    public var fileName: String
    /// Pixels.
    public var width: Int
    public var height: Int

    public init(id: Int, fileName: String, width: Int, height: Int) {
        self.id = id
        self.fileName = fileName
        self.width = width
        self.height = height
    }
}
