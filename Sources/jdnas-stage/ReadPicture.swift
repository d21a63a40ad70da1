import Basics
import Detection
import Foundation
import Images

/// A picture that a command line names.
func readPicture(_ file: String) throws -> RGBImage {
    guard let data = try? Data(contentsOf: URL(filePath: file)) else {
        throw Failure("the picture cannot be read", at: file, remedy: "check the name and permissions")
    }
    return try decodeImage(data, place: file)
}

extension ImagePlanes {
    init(_ image: RGBImage) { self.init(width: image.width, height: image.height, pixels: image.pixels) }
}
