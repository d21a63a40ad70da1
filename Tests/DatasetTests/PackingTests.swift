import Archive
import Basics
import Dataset
import Foundation
import Images
import TestSupport
import Testing

@Suite struct PackingTests {
    private func fixture() throws -> Fixture {
        let fixture = try Fixture()
        try fixture.writeAnnotations("train")
        return fixture
    }

    @Test func whatIsPackedIsReadBack() throws {
        let fixture = try fixture()
        let report = try fixture.pack { $0.searchFraction = 0.34 }
        let data = try PackedDataset(fixture.folder["packed"])
        #expect(data.categories.map(\.name) == ["cat", "bird", "dog"])
        #expect(data.categories.map(\.id) == [3, 7, 90])
        #expect(data.categories.map(\.label) == [1, 2, 3])
        #expect(data.splitNames == ["train", "search", "val"])
        #expect(try ["train", "search", "val"].map { try data.split($0).count } == [4, 2, 6])
        #expect(report.splits.map(\.images) == [4, 2, 6])

        let val = try data.split("val")
        for (index, record) in val.records.enumerated() {
            let file = fixture.folder["val/\(record.image.fileName)"]
            #expect(try val.encodedImage(index) == Data(contentsOf: file))
            #expect(try val.image(index) == decodeImage(Data(contentsOf: file), place: "x"))
        }
        let object = try #require(val.records[0].annotations.first)
        #expect(object.sourceBox == SourceBox(x: 5, y: 6, width: 10, height: 12.5))
        #expect(object.box == PixelBox(x1: 5, y1: 6, x2: 15, y2: 18.5))
        #expect(object.area == 125)
        #expect(val.records.map(\.annotations[0].label) == [2, 3, 1, 2, 3, 1])
    }

    /// Ids are kept digit for digit, beyond what a floating-point number holds, and so are the least and the largest.
    @Test func idsOfAnySizeAreKept() throws {
        let ids = [(1 << 53) + 1, Int.max, Int.min, -7]
        var fixture = try Fixture()
        for (number, id) in ids.enumerated() {
            fixture.images[number] = fixture.images[number].replacing("\"id\": \(number + 1)", with: "\"id\": \(id)")
            fixture.annotations[number] = Fixture.annotation(id: id, image: id)
        }
        try fixture.writeAnnotations("train")
        try fixture.pack { $0.searchFraction = 0 }
        let records = try PackedDataset(fixture.folder["packed"]).split("train").records
        #expect(records.map(\.imageID) == [Int.min, -7, 5, 6, (1 << 53) + 1, Int.max])
        #expect(records.map { $0.annotations[0].id } == records.map(\.imageID))
        #expect(records[0].key == "m9223372036854775808")
        #expect(Set(records.map(\.key)).count == 6)
    }

    @Test func sameInputGivesSameBytes() throws {
        let fixture = try fixture()
        try fixture.pack(to: "one")
        try fixture.pack(to: "two") { $0.threads = 3 }
        let files = fixture.folder.files().filter { $0.hasPrefix("one/") }
        #expect(files == ["one/index.json"] + ["search", "train", "val"].map { "one/shards/\($0)-000000.tar" })
        for file in files {
            let other = fixture.folder[file.replacing("one/", with: "two/")]
            #expect(try Data(contentsOf: fixture.folder[file]) == Data(contentsOf: other), "\(file)")
        }
        #expect(try PackedDataset(fixture.folder["one"]).digest == PackedDataset(fixture.folder["two"]).digest)
    }

    @Test func heldOutPicturesAreTrainsOwnAndFollowTheSeed() throws {
        let fixture = try fixture()
        var held: Set<[Int]> = []
        for seed in 0..<8 {
            try fixture.pack(to: "s\(seed)") {
                $0.splitSeed = UInt64(seed)
                $0.searchFraction = 0.5
            }
            let data = try PackedDataset(fixture.folder["s\(seed)"])
            let search = try data.split("search").records.map(\.imageID)
            #expect(try (search + data.split("train").records.map(\.imageID)).sorted() == Array(1...6))
            held.insert(search)
        }
        #expect(held.count > 3)
        try fixture.pack(to: "none") { $0.searchFraction = 0 }
        #expect(try PackedDataset(fixture.folder["none"]).split("search").count == 0)
    }

    @Test func shardsAreCutAndReadableByWebDataset() throws {
        let fixture = try fixture()
        try fixture.pack { $0.shardBytes = 1 }
        let members = try ArchiveReader(fixture.folder["packed/shards/val-000002.tar"]).members().map(\.path)
        #expect(members == ["000000000003.jpg", "000000000003.json"])
        let text = try ArchiveReader(fixture.folder["packed/shards/val-000002.tar"]).data(of: members[1])
        let json = try JSON(parsing: text)
        #expect(json["file_name"]?.string == "p3.jpg")
        #expect(json["annotations"]?[0]?["bbox"] == [5, 6, 10, 12.5])
        let data = try PackedDataset(fixture.folder["packed"])
        #expect(try data.split("val").image(5).width == 40)
    }

    @Test func picturesAreKnownByTheirContent() throws {
        var fixture = try fixture()
        try fixture.picture("train/p2.png", seed: 2)
        fixture.images[1] = #"{"id": 2, "file_name": "p2.png", "width": 40, "height": 30}"#
        try FileManager.default.removeItem(at: fixture.folder["train/p3.jpg"])
        try FileManager.default.copyItem(at: fixture.folder["train/p2.png"], to: fixture.folder["train/p3.jpg"])
        try fixture.writeAnnotations("train")
        try fixture.pack { $0.searchFraction = 0 }
        let names = try ArchiveReader(fixture.folder["packed/shards/train-000000.tar"]).members().map(\.path)
        #expect(names.filter { $0.hasSuffix("png") } == ["000000000002.png", "000000000003.png"])
    }

    @Test func oneClassCanBeKept() throws {
        let fixture = try fixture()
        let report = try fixture.pack { $0.classes = ["dog"] }
        #expect(report.categories.categories == [Category(id: 90, name: "dog", label: 1)])
        #expect(report.splits.last?.objects == [2])
        #expect(
            failureText(in: fixture.folder) { try fixture.pack { $0.classes = ["dgo"] } }
                == "~/annotations/instances_train.json: error: there is no class 'dgo'\n  remedy: did you mean 'dog'?")
    }

    @Test func crowdsAndEmptyPicturesAreKept() throws {
        var fixture = try fixture()
        fixture.annotations[0] = Fixture.annotation(id: 1, image: 2, more: #", "iscrowd": 1, "area": 77.25"#)
        try fixture.writeAnnotations("train")
        let report = try fixture.pack { $0.searchFraction = 0 }
        #expect(report.splits[0].crowds == 1)
        #expect(report.splits[0].emptyImages == 1)
        #expect(report.splits[0].objectCount == 5)
        let train = try PackedDataset(fixture.folder["packed"]).split("train")
        #expect(train.records[0].annotations == [])
        #expect(train.records[1].annotations.map(\.area) == [77.25, 125])
        #expect(train.records[1].objects.map(\.id) == [2])
    }

    @Test func everyWayToWriteANumberIsRead() throws {
        var fixture = try fixture()
        fixture.annotations = [Fixture.annotation(id: 1, image: 1, box: "[-0, 6.0E+0, 1.25e1, 123456789.25e-7]")]
        try fixture.writeAnnotations("train")
        try fixture.pack { $0.searchFraction = 0 }
        let object = try PackedDataset(fixture.folder["packed"]).split("train").records[0].annotations[0]
        #expect(object.sourceBox == SourceBox(x: 0, y: 6, width: 12.5, height: 12.345678925))
    }

    @Test func progressReachesTheEndAndCanStop() throws {
        let fixture = try fixture()
        var last = 0.0
        try packDataset(root: fixture.folder.url, to: fixture.folder["a"]) { fraction, _ in
            #expect(fraction >= last)
            last = fraction
        }
        #expect(last == 1)
        let text = failureText {
            try packDataset(root: fixture.folder.url, to: fixture.folder["b"]) { _, _ in
                throw Failure("stopped", cause: .cancelled)
            }
        }
        #expect(text == "error: stopped")
        #expect(!FileManager.default.fileExists(atPath: fixture.folder["b/index.json"].path))
    }

    @Test func reportIsForPeopleAndMachines() throws {
        var fixture = try fixture()
        fixture.annotations = [
            Fixture.annotation(id: 1, image: 1), Fixture.annotation(id: 2, image: 1, box: "[30, 20, 11, 5]"),
        ]
        try fixture.writeAnnotations("train")
        let report = try fixture.pack { $0.searchFraction = 0 }
        #expect(
            report.headline == [
                "train: 6 pictures, 2 objects (cat 2)", "search: 0 pictures, 0 objects",
                "val: 6 pictures, 6 objects (cat 2, bird 2, dog 2)",
                "warning: 2 of 3 classes have no object in train: 'bird', 'dog'",
                "1 boxes reached beyond their picture: clipped for training",
            ])
        #expect(report.summary["splits"]?["train"]?["objects"] == ["cat": 2, "bird": 0, "dog": 0])
        #expect(report.summary["splits"]?["train"]?["sizes"]?["small"] == 2)
    }
}
