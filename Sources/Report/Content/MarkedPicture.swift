public import Foundation

/// An image with several sets of boxes, shown side by side.
public struct MarkedPicture: Sendable, Hashable, Codable {
    public var caption: String
    public var jpeg: Data
    /// In pixels; boxes are in the same ones.
    public var width: Int
    public var height: Int
    public var panels: [Panel]

    public init(caption: String, jpeg: Data, width: Int, height: Int, panels: [Panel]) {
        self.caption = caption
        self.jpeg = jpeg
        self.width = width
        self.height = height
        self.panels = panels
    }

    /// One copy of the image with its boxes.
    public struct Panel: Sendable, Hashable, Codable {
        public var title: String
        public var boxes: [MarkedBox]

        public init(title: String, boxes: [MarkedBox]) {
            self.title = title
            self.boxes = boxes
        }
    }
}

/// A box on a picture, in pixels.
public struct MarkedBox: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable {
        /// An object of the ground truth.
        case truth
        /// A detection of an object, with the right class.
        case hit
        /// A detection without an object, or of another class.
        case wrong
        /// An object that was not found.
        case missed
    }

    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double
    public var label: String
    public var score: Double?
    public var kind: Kind

    public init(
        x: Double, y: Double, width: Double, height: Double, label: String, score: Double? = nil, kind: Kind
    ) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        self.label = label
        self.score = score
        self.kind = kind
    }
}
