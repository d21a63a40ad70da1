import Basics
import Detection
import DetectorKit
import Foundation
import Models
import ResNet
import Tensor
import Testing

/// What torchvision computed; `Tests/Fixtures/detection/make.py` makes the files and repeats the formulas here.
enum Fixture {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/detection")

    static func json(_ name: String) throws -> JSON {
        let url = folder.appending(path: "\(name).json")
        return try JSON(parsing: Data(contentsOf: url), at: url.path)
    }

    static func tensors(_ name: String) throws -> NamedTensors {
        try SafeTensors.read(folder.appending(path: "\(name).safetensors")).tensors
    }

    /// A pattern with a brighter rectangle.
    static func image(_ width: Int, _ height: Int, _ number: Int) -> ImagePlanes {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let isInside = x >= width / 4 && x < width / 2 && y >= height / 3 && y < 2 * height / 3
                for c in 0..<3 {
                    let pattern: Int = (x * 7 + y * 13 + c * 50 + number * 31 + (x * y) % 97) % 160
                    pixels.append(UInt8(pattern + (isInside ? 90 : 0)))
                }
            }
        }
        return ImagePlanes(width: width, height: height, pixels: pixels)
    }

    /// Features of one level of a 512×384 image: [2, 2, h, w].
    static func features(level: Int) -> Tensor {
        let (height, width) = (384 >> (level + 2), 512 >> (level + 2))
        var values: [Float] = []
        for n in 0..<2 {
            for c in 0..<2 {
                for y in 0..<height {
                    for x in 0..<width {
                        let sum: Int = n * 5 + c * 31 + y * 7 + x * 13 + level * 3 + (x * y) % 11
                        values.append(Float(sum % 17) / 17)
                    }
                }
            }
        }
        return Tensor([2, 2, height, width], values)
    }

    /// The architecture of `weights.safetensors`.
    static func detector() throws -> Detector {
        let widths = [8, 16, 16, 24]
        let stages = widths.enumerated().map { stage, width in
            BackboneArchitecture.Stage(
                width: width, channelsPerGroup: 4,
                blocks: Array(repeating: .init(widths: [width], channelsPerGroup: 4), count: stage == 2 ? 2 : 1))
        }
        let architecture = DetectorArchitecture(
            backbone: .init(
                plugin: "resnet", block: "basic", norm: .group, stem: .init(width: 8, channelsPerGroup: 4),
                stages: stages), neck: .init(lateralWidth: 16, outputWidth: 16), proposalWidth: 16,
            headWidths: [24, 24], classes: 3, input: .init(shorter: 96, longer: 128),
            anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2]),
            selection: .init(
                training: .init(beforeNMS: 200, afterNMS: 120), inference: .init(beforeNMS: 100, afterNMS: 60)))
        return Detector(
            graph: try DetectorGraph(architecture, BackboneCatalog([ResNet()])), weights: try tensors("weights"))
    }

    static func images(_ json: JSON) -> [ImagePlanes] {
        (json["sizes"]?.array ?? []).enumerated().map { number, size in
            image(size[0]?.integer ?? 1, size[1]?.integer ?? 1, number)
        }
    }

    static func targets(_ json: JSON) -> [DetectionTarget] {
        (json["targets"]?.array ?? []).map {
            DetectionTarget(boxes: $0["boxes"]?.boxes ?? [], labels: $0["labels"]?.integers ?? [])
        }
    }
}

extension JSON {
    var floats: [Float] { (array ?? []).compactMap { $0.number.map { Float($0) } } }
    var integers: [Int] { (array ?? []).compactMap(\.integer) }
    var boxes: [Box] {
        (array ?? []).map(\.floats).map { Box(x1: $0[0], y1: $0[1], x2: $0[2], y2: $0[3]) }
    }
}

/// The largest difference of two boxes' coordinates.
func distance(_ a: Box, _ b: Box) -> Float {
    max(abs(a.x1 - b.x1), abs(a.y1 - b.y1), abs(a.x2 - b.x2), abs(a.y2 - b.y2))
}
