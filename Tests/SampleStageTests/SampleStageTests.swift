import Basics
import Dataset
import Foundation
import Images
import SampleStage
import StageConformance
import StageKit
import TestSupport
import Testing

@Suite struct SampleStageTests {
    static let conformance = StageConformance(
        SampleStage(), options: "checkpoint_every: 2", refused: ["split: trian", "checkpoint_every: 0"],
        inputs: [.init(.dataset) { try packGreys([0, 51, 102, 153, 204, 255], to: $0) }])

    /// In a process of its own: the suite changes the working directory, and a crash is told like any other finding.
    @Test(arguments: StageConformance.Aspect.allCases) func conforms(_ aspect: StageConformance.Aspect) async {
        await #expect(processExitsWith: .success) { [aspect] in
            for finding in SampleStageTests.conformance.findings(aspect) { Issue.record("\(finding)") }
        }
    }

    @Test func coloursAndObjectsAreCounted() throws {
        let folder = try TemporaryFolder()
        try Self.packGreys([0, 255], to: folder["data"])
        let data = Artifact(
            kind: .dataset, directory: folder["data"], digest: Digest(of: "data"), reference: "data")
        let context = try StageContext(stage: "test", inputs: [data], attempt: folder["attempt"], log: { _ in })
        try SampleStage().run(.init(split: "train", checkpointEvery: 10), context)
        let file = context.output.directory.appending(path: "statistics.json")
        let result = try JSON(parsing: Data(contentsOf: file))
        #expect(result["pictures"] == 2 && result["objects"] == ["cell": 2])
        #expect(result["mean"]?.array?.map(\.number) == [0.5, 0.5, 0.5])
        #expect(result["deviation"]?.array?.map(\.number) == [0.5, 0.5, 0.5])
    }

    /// Packs a data set of pictures of one grey each, with one object each, into a folder.
    static func packGreys(_ greys: [UInt8], to folder: URL) throws {
        let scratch = try TemporaryFolder()
        var (images, annotations): ([JSON], [JSON]) = ([], [])
        for (number, grey) in greys.enumerated() {
            let name = "grey-\(number).png"
            let picture = try encodePNG(RGBImage(width: 48, height: 32, fill: RGB(grey, grey, grey)))
            for split in ["train", "val"] { try scratch.write(picture, to: "\(split)/\(name)") }
            let id = JSON.integer(number + 1)
            images.append(["id": id, "file_name": .string(name), "width": 48, "height": 32])
            annotations.append(["id": id, "image_id": id, "category_id": 1, "bbox": [8, 8, 16, 16]])
        }
        let file: JSON = [
            "categories": [["id": 1, "name": "cell"]], "images": .array(images), "annotations": .array(annotations),
        ]
        for split in ["train", "val"] {
            try scratch.write(file.canonicalText, to: "annotations/instances_\(split).json")
        }
        var options = PackOptions()
        options.searchFraction = 0
        try packDataset(root: scratch.url, to: folder, options: options)
    }
}
