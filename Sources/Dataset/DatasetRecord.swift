/// A picture of a packed data set: what it shows, and where its bytes lie.
public struct DatasetRecord: Sendable, Hashable {
    /// The name of its members in the shard, without extension.
    public var key: String
    public var image: ImageRecord
    /// Number of the shard in the index.
    public var shard: Int
    /// Where the encoded picture starts in the shard.
    public var offset: Int
    /// Bytes of the encoded picture.
    public var size: Int
    public var annotations: [ObjectAnnotation]

    /// The annotations that a detector learns from: all but crowds.
    public var objects: [ObjectAnnotation] { annotations.filter { !$0.isCrowd } }
}

extension DatasetRecord {
    /// The picture's id in the annotation file.
    public var imageID: Int { image.id }
}
