public import Foundation

/// A file as `torch.save` writes it, built from named tensors.
public struct TorchCheckpoint: Sendable {
    public struct Entry: Sendable {
        public var name: String
        public var shape: [Int]
        /// The storage's elements, and the name of its type.
        public var bytes: Data
        public var type = "FloatStorage"
        /// Elements of the storage, where the pickle is to lie about them.
        public var count: Int?
        public var offset = 0
        /// Nil for row-major order.
        public var strides: [Int]?
        public var isParameter = false

        public init(_ name: String, _ shape: [Int], _ elements: [Float]) {
            self.name = name
            self.shape = shape
            bytes = elements.withUnsafeBytes { Data($0) }
        }

        public init(_ name: String, _ shape: [Int], type: String, bytes: Data) {
            self.name = name
            self.shape = shape
            self.type = type
            self.bytes = bytes
        }
    }

    public var entries: [Entry]
    /// Names of the dictionaries around the state_dict, outermost first.
    public var holders: [String] = []
    /// The contents of `byteorder`.
    public var byteOrder = "little"

    public init(_ entries: [Entry]) { self.entries = entries }

    static func itemSize(_ type: String) -> Int {
        switch type {
        case "DoubleStorage", "LongStorage": 8
        case "HalfStorage", "BFloat16Storage", "ShortStorage": 2
        case "CharStorage", "ByteStorage", "BoolStorage": 1
        default: 4
        }
    }

    public var pickle: Data {
        var pickle = PickleText()
        for holder in holders {
            pickle.codes("}")
            pickle.text(holder)
        }
        pickle.orderedDictionary()
        pickle.codes("q")
        pickle.raw(0)
        pickle.codes("(")
        for (key, entry) in entries.enumerated() {
            pickle.text(entry.name)
            let row = entry.shape.indices.map { entry.shape[($0 + 1)...].reduce(1, *) }
            pickle.tensor(
                key: "\(key)", type: entry.type, count: entry.count ?? entry.bytes.count / Self.itemSize(entry.type),
                offset: entry.offset, shape: entry.shape, strides: entry.strides ?? row,
                asParameter: entry.isParameter)
        }
        pickle.codes("u")
        // What torch keeps of the modules' versions, as the OrderedDict's attribute.
        pickle.codes("}")
        pickle.text("_metadata")
        pickle.orderedDictionary()
        pickle.codes("sb")
        for _ in holders { pickle.codes("s") }
        pickle.codes(".")
        return pickle.data
    }

    public var data: Data { zip(pickle: pickle) }

    /// The same archive around another pickle.
    public func zip(pickle: Data) -> Data {
        var zip = StoredZip()
        zip.add("archive/data.pkl", pickle)
        zip.add("archive/byteorder", byteOrder)
        for (key, entry) in entries.enumerated() { zip.add("archive/data/\(key)", entry.bytes) }
        zip.add("archive/version", "3\n")
        return zip.data
    }
}
