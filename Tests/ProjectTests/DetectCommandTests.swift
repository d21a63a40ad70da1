import Archive
import Basics
import Bundles
import Dataset
import Detection
import DetectorKit
import Foundation
import Images
import ResNet
import Tensor
import TestSupport
import Testing
import Training

/// `jdnas detect`.
@Suite struct DetectCommandTests {
    private let folder: TemporaryFolder
    private let detector: Detector
    private let image: RGBImage

    /// A narrow detector with random weights that finds something everywhere, and a picture.
    init() throws {
        folder = try TemporaryFolder()
        var settings = DetectorSettings(
            backbone: "resnet18", norm: .group, normGroups: 16, neckWidth: 16, headWidth: 16,
            input: .init(shorter: 64, longer: 96), anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [1]),
            selection: .init(
                training: .init(beforeNMS: 20, afterNMS: 20), inference: .init(beforeNMS: 20, afterNMS: 20)))
        settings.selection.scoreThreshold = 0.2
        let catalog = BackboneCatalog([ResNet()])
        let graph = try DetectorGraph(settings.architecture(classes: 2, catalog), catalog)
        detector = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 4)))
        try DetectorFiles.write(detector, to: folder["cells"])
        try DetectorFiles.write(
            [
                Dataset.Category(id: 7, name: "red cell", label: 1),
                Dataset.Category(id: 9, name: "platelet", label: 2),
            ], to: folder["cells"])
        var canvas = Canvas(RGBImage(width: 120, height: 80, fill: RGB(220, 200, 190)))
        canvas.fillEllipse(center: (40, 40), radii: (20, 15), RGB(160, 40, 60))
        image = canvas.image
        try encodePNG(image).write(to: folder["smear.png"])
    }

    private func jdnas(_ arguments: String...) throws -> Outcome { try run(["detect"] + arguments, in: folder.url) }

    @Test func findsWhatTheDetectorFinds() throws {
        let wanted = try detector.detect([
            ImagePlanes(width: image.width, height: image.height, pixels: image.pixels)
        ])[0]
        #expect(wanted.count > 3)
        let outcome = try jdnas("--detector", "cells", "--json", "--threads", "1", "smear.png")
        #expect(outcome.code == 0 && outcome.error == "")
        let found = try #require(try JSON(parsing: outcome.output).array)
        #expect(found.count == wanted.count)
        for (entry, object) in zip(found, wanted) {
            #expect(entry["file_name"]?.string == "smear.png")
            #expect(entry["category_id"]?.integer == (object.label == 1 ? 7 : 9))
            let box = (entry["bbox"]?.array ?? []).compactMap(\.number)
            let expected = [object.box.x1, object.box.y1, object.box.width, object.box.height]
            #expect(box.count == 4 && zip(box, expected).allSatisfy { abs($0 - Double($1)) < 0.01 })
            #expect(abs((entry["score"]?.number ?? 0) - Double(object.score)) < 1e-5)
        }
        let table = try jdnas("--detector", "cells", "smear.png").output
        #expect(table.contains("red cell") || table.contains("platelet"))
        #expect(try jdnas("--detector", "cells", "--threshold", "1", "smear.png").output.contains("nothing found"))
    }

    /// The picture itself is not written over, by no name that it has.
    @Test func picturesStayAsTheyAre() throws {
        try encodeJPEG(image, quality: 90).write(to: folder["photo.jpg"])
        let before = try Data(contentsOf: folder["photo.jpg"])
        try FileManager.default.createSymbolicLink(at: folder["here"], withDestinationURL: folder.url)
        for place in [".", "here"] {
            let outcome = try jdnas("--detector", "cells", "--draw", place, "photo.jpg")
            #expect(outcome.code == 1 && outcome.error.contains("photo.jpg: error: the picture would be written over"))
            #expect(try Data(contentsOf: folder["photo.jpg"]) == before)
        }
    }

    @Test func weightsThatAreNoNumbersAreRefused() throws {
        var broken = detector
        broken.weights["rpn.head.cls_logits.bias"]?.withUnsafeMutableFloats { $0[0] = .nan }
        try DetectorFiles.write(broken, to: folder["broken"])
        let outcome = try jdnas("--detector", "broken", "smear.png")
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("the weights 'rpn.head.cls_logits.bias' are NaN or infinite"))
    }

    @Test func drawsPictures() throws {
        try FileManager.default.createDirectory(at: folder["more"], withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: folder["smear.png"], to: folder["more/smear.png"])
        let outcome = try jdnas(
            "--detector", "cells", "--draw", "seen", "--threshold", "0.2", "smear.png", "more/smear.png")
        #expect(outcome.code == 0)
        #expect(folder.files().filter { $0.hasPrefix("seen/") } == ["seen/smear-2.jpg", "seen/smear.jpg"])
        let drawn = try decodeImage(Data(contentsOf: folder["seen/smear.jpg"]), place: "smear.jpg")
        #expect(drawn.width == 480 && drawn.height == 320, "enlarged, so that captions can be read")
        func pixels(near color: RGB) -> Int {
            var count = 0
            for index in stride(from: 0, to: drawn.pixels.count, by: 3) {
                let red = abs(Int(drawn.pixels[index]) - Int(color.red))
                let green = abs(Int(drawn.pixels[index + 1]) - Int(color.green))
                let blue = abs(Int(drawn.pixels[index + 2]) - Int(color.blue))
                if red + green + blue < 40 { count += 1 }
            }
            return count
        }
        let colors = [pixels(near: RGB.palette[0]), pixels(near: RGB.palette[1])]
        #expect((colors.max() ?? 0) > 500, "boxes and plates in the classes' colours: \(colors)")
    }

    @Test func takesTheStudentOfABundle() throws {
        let members = ["architecture.json", "weights.safetensors", "categories.json"].flatMap { name in
            ["student", "search/base"].map {
                ArchiveMember(path: "\($0)/\(name)", contents: .file(folder["cells/\(name)"]))
            }
        }
        try BundleBuilder.build(members: members, about: ["job": "night"], to: folder["night.tar.zst"])
        let plain = try jdnas("--detector", "cells", "--json", "smear.png")
        #expect(try jdnas("--bundle", "night.tar.zst", "--json", "smear.png").output == plain.output)
        #expect(try jdnas("--bundle", "night.tar.zst", "--role", "base", "--json", "smear.png").output == plain.output)
    }

    @Test func saysWhatIsWrong() throws {
        try folder.write("no picture", to: "text.png")
        let some = try jdnas("--detector", "cells", "--json", "gone.png", "text.png", "smear.png")
        #expect(some.code == 1)
        #expect(some.error.contains("gone.png") && some.error.contains("text.png"))
        #expect(try JSON(parsing: some.output).array?.isEmpty == false, "the good picture is done")
        #expect(try jdnas("smear.png").code == 2)
        #expect(try jdnas("--detector", "cells", "--bundle", "b", "smear.png").code == 2)
        #expect(try jdnas("--detector", "cells", "--role", "base", "smear.png").code == 2)
        #expect(try jdnas("--detector", "nowhere", "smear.png").error.contains("no detector here"))
        #expect(try jdnas("--detector", "cells", "--threshold", "2", "smear.png").code == 2)
        #expect(try jdnas("--bundle", "text.png", "smear.png").code == 1)
        try folder.write(#"{"format": "jdnas-categories/1", "categories": []}"#, to: "cells/categories.json")
        #expect(try jdnas("--detector", "cells", "smear.png").error.contains("categories.json"))
    }
}
