/// How a data set is packed. The same options and the same files give the same bytes.
public struct PackOptions: Sendable, Hashable, Codable {
    /// The folder with the pictures to train on; its annotations are `annotations/instances_<name>.json`.
    public var train = "train"
    /// The same for the pictures that the final numbers are measured on.
    public var val = "val"
    /// The part of train that is held out for the search to measure on, so that it never sees val.
    public var searchFraction = 0.15
    /// Decides which pictures are held out.
    public var splitSeed: UInt64 = 0
    public var onBadAnnotation = BadAnnotationPolicy.refuse
    /// Only these classes, by name; nil for all.
    public var classes: [String]?
    /// A new shard is begun when one has this many bytes of pictures.
    public var shardBytes = 256 << 20
    /// Pictures decoded at a time. Has no influence on the result.
    public var threads = 1

    public init() {}

    /// How many of so many pictures of train are held out: at least one on each side, unless nothing is to be.
    public func heldOut(of count: Int) -> Int {
        guard searchFraction > 0, count > 1 else { return 0 }
        return min(max(1, Int((Double(count) * searchFraction).rounded())), count - 1)
    }
}

/// The splits of a packed data set.
public enum SplitName {
    public static let train = "train"
    public static let search = "search"
    public static let val = "val"
    /// In the order of the index.
    public static let all = [train, search, val]
}
