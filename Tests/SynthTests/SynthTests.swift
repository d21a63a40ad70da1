import Basics
import Dataset
import Foundation
import Images
import Synth
import TestSupport
import Testing

@Suite struct SynthTests {
    private func scene(_ number: Int, width: Int = 176, height: Int = 144) -> SmearScene {
        SmearScene(width: width, height: height, random: RandomStream(seed: 5).stream("scene", number))
    }

    @Test func scenesFollowTheirSeed() {
        #expect(scene(1).image == scene(1).image)
        #expect(scene(1).objects == scene(1).objects)
        #expect(scene(1).image != scene(2).image)
    }

    @Test func boxesAreTightAndInside() {
        for number in 0..<20 {
            for object in scene(number).objects {
                let box = object.box
                #expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 176 && box.y + box.height <= 144)
                #expect(box.width >= 3 && box.height >= 3)
                #expect(Double(object.area) <= box.width * box.height)
                #expect(Double(object.area) > 0.35 * box.width * box.height)
                #expect(object.visible >= 0.3)
            }
        }
    }

    @Test func everyKindIsThere() {
        var counts: [SmearClass: Int] = [:]
        for number in 0..<40 { for object in scene(number).objects { counts[object.kind, default: 0] += 1 } }
        #expect(Set(counts.keys) == Set(SmearClass.allCases))
        #expect((counts[.redCell] ?? 0) > 5 * (counts[.whiteCell] ?? 0))
        #expect(counts.values.allSatisfy { $0 > 20 })
    }

    /// An object that is drawn must differ from what is around it, or nothing could learn it.
    @Test func objectsStandOutFromTheGround() {
        var (inside, outside) = ([Double](), [Double]())
        for number in 0..<10 {
            let scene = scene(number)
            for y in 0..<144 {
                for x in 0..<176 {
                    let isInside = scene.objects.contains {
                        Double(x) >= $0.box.x && Double(x) < $0.box.x + $0.box.width && Double(y) >= $0.box.y
                            && Double(y) < $0.box.y + $0.box.height
                    }
                    let green = Double(scene.image[x, y].green)
                    if isInside { inside.append(green) } else { outside.append(green) }
                }
            }
        }
        let mean = { (values: [Double]) in values.reduce(0, +) / Double(max(1, values.count)) }
        #expect(mean(outside) - mean(inside) > 25)
    }

    @Test func dataSetIsPackedAsAnyOther() throws {
        let folder = try TemporaryFolder()
        try writeSyntheticDataset(to: folder["coco"], train: 10, val: 4, size: (96, 80), seed: 3)
        let report = try packDataset(root: folder["coco"], to: folder["packed"])
        #expect(report.splits.map(\.images) == [8, 2, 4])
        #expect(report.beyondCount == 0)
        #expect(try PackedDataset(folder["packed"]).categories.map(\.name) == SmearClass.allCases.map(\.name))
    }

    @Test func moreScenesLeaveTheFirstOnesAsTheyAre() throws {
        let folder = try TemporaryFolder()
        try writeSyntheticDataset(to: folder["a"], train: 2, val: 1, size: (64, 64), seed: 3)
        try writeSyntheticDataset(to: folder["b"], train: 4, val: 1, size: (64, 64), seed: 3)
        for name in ["train/smear-000001.png", "val/smear-000000.png"] {
            #expect(try Data(contentsOf: folder["a/\(name)"]) == Data(contentsOf: folder["b/\(name)"]))
        }
    }

    /// Whoever looks for the data set finds all of it or nothing.
    @Test func aDrawingThatIsStoppedLeavesNothing() throws {
        struct Stop: Error {}
        let folder = try TemporaryFolder()
        #expect(throws: Stop.self) {
            try writeSyntheticDataset(to: folder["set"], train: 3, val: 1, size: (64, 64), seed: 3) { fraction, _ in
                #expect(!FileManager.default.fileExists(atPath: folder["set"].path))
                if fraction > 0.4 { throw Stop() }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
        try FileManager.default.createDirectory(at: folder["set"], withIntermediateDirectories: true)
        try writeSyntheticDataset(to: folder["set"], train: 3, val: 1, size: (64, 64), seed: 3)
        #expect(folder.files().count == 6)
        #expect(throws: Failure.self) {
            try writeSyntheticDataset(to: folder["set"], train: 3, val: 1, size: (64, 64), seed: 3)
        }
        #expect(folder.files().count == 6)
    }

    @Test func impossibleSizesAreRefused() throws {
        let folder = try TemporaryFolder()
        let text = failureText { try writeSyntheticDataset(to: folder.url, train: 1, val: 0, size: (9, 9), seed: 1) }
        #expect(
            text == "error: cannot draw 1 and 0 scenes of 9×9 pixels\n"
                + "  remedy: ask for at least one scene a split, and 48 to 4096 pixels in both directions")
    }
}
