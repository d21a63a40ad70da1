import Dataset
import Foundation
import Images
import TestSupport
import Testing

@Suite struct BadInputTests {
    static let file = "~/annotations/instances_train.json"
    static let remedy = "\n  remedy: mend the annotations, or leave such entries out with 'on_bad_annotation: skip'"

    /// A seventh annotation, and what is said about it.
    static let badAnnotations: [(String, String)] = [
        (Fixture.annotation(id: 9, image: 1, box: "[5, 6, 0, 3]"), "its box [5, 6, 0, 3] has no area"),
        (Fixture.annotation(id: 9, image: 1, box: "[5, 6, 4, -3.5]"), "its box [5, 6, 4, -3.5] has no area"),
        (
            Fixture.annotation(id: 9, image: 1, box: "[50, 6, 4, 3]"),
            "its box [50, 6, 4, 3] lies outside the picture (40×30)"
        ),
        (
            Fixture.annotation(id: 9, image: 1, box: "[1, 2, 3]"),
            "its 'bbox' must be four numbers: x, y, width, height"
        ),
        (
            Fixture.annotation(id: 9, image: 1, box: #"[1, 2, 3, "4"]"#),
            "its 'bbox' must be four numbers: x, y, width, height"
        ),
        (
            Fixture.annotation(id: 9, image: 1, box: "[5, 6, 1e200, 1e200]"),
            "its box [5, 6, 1e+200, 1e+200] is too large: its area is no number"
        ),
        (
            Fixture.annotation(id: 9, image: 1).replacing("9,", with: "99999999999999999999,", maxReplacements: 1),
            "its 'id' is missing or no whole number"
        ),
        (Fixture.annotation(id: 9, image: 77), "there is no picture of id 77"),
        (Fixture.annotation(id: 9, image: 1, category: 4), "there is no category of id 4"),
        (Fixture.annotation(id: 6, image: 1), "there is another annotation of id 6"),
        (Fixture.annotation(id: 9, image: 1, more: #", "iscrowd": "no""#), "its 'iscrowd' must be 0 or 1"),
        (#"{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}"#, "its 'id' is missing or no whole number"),
        ("17", "its 'id' is missing or no whole number"),
    ]

    @Test(arguments: badAnnotations)
    func badAnnotationIsNamed(annotation: String, what: String) throws {
        var fixture = try Fixture()
        fixture.annotations.append(annotation)
        #expect(
            try fixture.packMessage()
                == "\(Self.file):14:1: error: annotations[6]: \(what)" + Self.remedy)
        #expect(!fixture.folder.files().contains { $0.hasPrefix("packed") })
        let report = try fixture.pack {
            $0.onBadAnnotation = .skip
            $0.searchFraction = 0
        }
        #expect(report.splits[0].objectCount == 6)
        #expect(report.skipped.map(\.what) == ["annotations[6]: \(what)"])
    }

    /// A seventh picture, and what is said about it.
    static let badImages: [(String, String)] = [
        (#"{"id": 6, "file_name": "q.jpg", "width": 40, "height": 30}"#, "there is another picture of id 6"),
        (
            #"{"id": 9, "file_name": "p1.jpg", "width": 40, "height": 30}"#,
            "there is another picture of file name 'p1.jpg'"
        ),
        (
            #"{"id": 9, "file_name": "../p1.jpg", "width": 40, "height": 30}"#,
            "its file name '../p1.jpg' leads out of the folder ('..')"
        ),
        (
            #"{"id": 9, "file_name": "/etc/passwd", "width": 40, "height": 30}"#,
            "its file name '/etc/passwd' has an absolute path"
        ),
        (#"{"id": 9, "width": 40, "height": 30}"#, "its 'file_name' is missing"),
        (#"{"file_name": "p.jpg", "width": 40, "height": 30}"#, "its 'id' is missing or no whole number"),
        (
            #"{"id": 9, "file_name": "p.jpg", "width": 0, "height": 30}"#,
            "its 'width' and 'height' must be whole numbers above 0"
        ),
        (
            #"{"id": 9, "file_name": "none.jpg", "width": 40, "height": 30}"#,
            "there is no readable picture file ~/train/none.jpg"
        ),
    ]

    @Test(arguments: badImages)
    func badImageIsNamed(image: String, what: String) throws {
        var fixture = try Fixture()
        fixture.images.append(image)
        #expect(try fixture.packMessage() == "\(Self.file):8:1: error: images[6]: \(what)" + Self.remedy)
        let report = try fixture.pack {
            $0.onBadAnnotation = .skip
            $0.searchFraction = 0
        }
        #expect(report.splits[0].images == 6)
        #expect(report.skipped.count == 1)
    }

    @Test func objectsOfABadPictureAreNoNewsOfTheirOwn() throws {
        var fixture = try Fixture()
        fixture.images[0] = #"{"id": 1, "file_name": "p1.jpg", "width": 40, "height": -1}"#
        let message = try fixture.packMessage()
        #expect(message?.contains("images[0]: its 'width' and 'height'") == true)
        #expect(message?.contains("annotations") == true)  // the file's name only
        #expect(message?.contains("annotations[") == false)
    }

    @Test func damagedPictureIsFoundWhilePacking() throws {
        let fixture = try Fixture()
        let file = fixture.folder["train/p4.jpg"]
        let whole = try Data(contentsOf: file)
        try whole.prefix(whole.count - 60).write(to: file)
        #expect(
            try fixture.packMessage()
                == "\(Self.file):5:1: error: images[3]: ~/train/p4.jpg: the JPEG is truncated" + Self.remedy)
        let report = try fixture.pack { $0.onBadAnnotation = .skip }
        #expect(report.splits[0].images + report.splits[1].images == 5)
        #expect(report.headline.contains { $0.hasPrefix("warning: 1 bad entries left out, the first: ") })
    }

    @Test func wrongSizeIsNamed() throws {
        let fixture = try Fixture()
        try fixture.picture("train/p4.jpg", seed: 1, width: 30, height: 40)
        #expect(
            try fixture.packMessage()
                == "\(Self.file):5:1: error: images[3]: ~/train/p4.jpg: the picture has 30×40 pixels, "
                + "the annotation file says 40×30" + Self.remedy)
    }

    @Test func allProblemsAreToldAtOnce() throws {
        var fixture = try Fixture()
        fixture.annotations.append(Fixture.annotation(id: 9, image: 77))
        fixture.annotations.append(Fixture.annotation(id: 10, image: 1, category: 5))
        #expect(
            try fixture.packMessage() == """
                ~: error: 2 entries are bad:
                  \(Self.file):14:1: annotations[6]: there is no picture of id 77
                  \(Self.file):15:1: annotations[7]: there is no category of id 5
                """ + Self.remedy)
        for id in 11..<40 { fixture.annotations.append(Fixture.annotation(id: id, image: 77)) }
        #expect(try fixture.packMessage()?.contains("\n  … and 11 more\n") == true)
    }

    static let badFiles: [(String, String)] = [
        ("", ":1: error: not valid JSON: the file ends too early"),
        (#"{"images": [{"id": 1, "#, ":1: error: not valid JSON: the file ends too early"),
        ("{\"images\": [],\n \"a\": nope}", ":2:7: error: not valid JSON: a value is not valid"),
        (#"{"a": 01}"#, ":1:7: error: not valid JSON: a value is not valid"),
        (#"{"a": [1 2]}"#, ":1:10: error: not valid JSON: ',' or ']' is missing"),
        (#"{"a": 1.}"#, ":1:7: error: not valid JSON: a value is not valid"),
        (#"{"a": -2e+}"#, ":1:7: error: not valid JSON: a value is not valid"),
        (#"{"a": NaN}"#, ":1:7: error: not valid JSON: a value is not valid"),
        (#"{"a": 1} x"#, ":1:10: error: not valid JSON: something follows the end of the JSON"),
        (String(repeating: "[", count: 100), ":1:65: error: not valid JSON: values are nested deeper than 64"),
        ("[]", ": error: this is no COCO annotation file: 'annotations', 'categories', 'images' missing"),
        (#"{"images": 3, "annotations": []}"#, ":1:12: error: 'images' is not a list"),
        (#"{"images": [], "images": []}"#, ":1:26: error: 'images' is there twice"),
        (#"{"images": [], "annotations": [], "categories": []}"#, ": error: there are no categories"),
        (
            #"{"images": [], "annotations": [], "categories": [{"id": 1, "name": "a"}]}"#,
            ": error: there are no images"
        ),
        (
            #"{"images": [{}], "annotations": [], "categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}"#,
            ":1:76: error: categories[1]: there is another class of id 1"
        ),
        (
            #"{"images": [{}], "annotations": [], "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]}"#,
            ":1:76: error: categories[1]: there is another class named 'a'"
        ),
        (
            #"{"images": [{}], "annotations": [], "categories": [{"id": 1}]}"#,
            ":1:52: error: categories[0]: it needs an 'id' (a whole number) and a 'name'"
        ),
    ]

    @Test(arguments: badFiles)
    func uselessFileIsRefused(text: String, message: String) throws {
        let fixture = try Fixture()
        try fixture.folder.write(text, to: "annotations/instances_train.json")
        for policy in BadAnnotationPolicy.allCases {
            let said = failureText(in: fixture.folder) { try fixture.pack { $0.onBadAnnotation = policy } }
            #expect(said?.components(separatedBy: "\n  remedy").first == Self.file + message)
        }
    }

    @Test func missingFilesAreNamed() throws {
        let fixture = try Fixture()
        #expect(
            failureText(in: fixture.folder) { try fixture.pack() }
                == "\(Self.file): error: cannot read the annotation file\n"
                + "  remedy: check that it exists and can be read")
        #expect(
            failureText(in: fixture.folder) { _ = try PackedDataset(fixture.folder["packed"]) }
                == "~/packed: error: there is no packed data set\n  remedy: pack one with the stage 'dataset-pack'")
    }

    @Test func classesOfBothSplitsMustAgree() throws {
        var fixture = try Fixture()
        fixture.categories = fixture.categories.replacing("bird", with: "crow")
        #expect(
            try fixture.packMessage()
                == "~/annotations/instances_val.json: error: its classes are not those of "
                + "~/annotations/instances_train.json: '7 bird', '7 crow' only in one of them\n"
                + "  remedy: give both files the same categories")
    }

    @Test func spoiledPacksAreRefused() throws {
        let fixture = try Fixture()
        try fixture.writeAnnotations("train")
        try fixture.pack()
        let packed = fixture.folder["packed"]
        let index = fixture.folder["packed/index.json"]
        let text = try String(contentsOf: index, encoding: .utf8)
        func message(_ changed: String) throws -> String? {
            try changed.write(to: index, atomically: true, encoding: .utf8)
            return failureText(in: fixture.folder) { _ = try PackedDataset(packed) }
        }
        #expect(try message(text) == nil)
        #expect(
            try message(text.replacing("jdnas-dataset/1", with: "jdnas-dataset/9"))?.contains("its format is") == true)
        #expect(
            try message(text.replacing("\"offset\":512", with: "\"offset\":99999999"))?.contains("outside its shard")
                == true)
        #expect(try message(text.replacing("\"shard\":0", with: "\"shard\":7"))?.contains("lacks its shard") == true)
        #expect(try message(text.replacing("train-000000", with: "../../evil"))?.contains("lacks its name") == true)
        #expect(
            try message(text.replacing("\"category_id\":3", with: "\"category_id\":5"))?.contains("bad annotation")
                == true)
        #expect(try message(String(text.prefix(text.count / 2)))?.contains("ends too early") == true)
        _ = try message(text)
        let data = try PackedDataset(packed)
        #expect(
            failureText(in: fixture.folder) { _ = try data.split("test") }
                == "~/packed: error: there is no split 'test'\n  remedy: the splits are: train, search, val")
        let shard = fixture.folder["packed/shards/val-000000.tar"]
        try Data(contentsOf: shard).dropLast(1).write(to: shard)
        #expect(
            failureText(in: fixture.folder) { _ = try PackedDataset(packed) }
                == "~/packed/shards/val-000000.tar: error: the shard is not as the index describes it\n"
                + "  remedy: pack the data set again")
    }
}
