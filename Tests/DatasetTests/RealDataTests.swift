import Dataset
import Foundation
import Images
import TestSupport
import Testing

/// The reference data beside the project, with the quirks that its README lists.
@Suite(.enabled(if: SharedFolder.isPresent, Comment(rawValue: SharedFolder.hint)))
struct RealDataTests {
    @Test func cocoPhotosArePacked() throws {
        let root = try #require(SharedFolder.url).appending(path: "data/coco-by")
        let folder = try TemporaryFolder()
        let report = try packDataset(root: root, to: folder.url)
        let data = try PackedDataset(folder.url)
        #expect(data.categories.count == 80)
        #expect(data.categories.last?.id == 90)
        #expect(data.categories.last?.label == 80)
        #expect(report.splits.map(\.images) == [22, 4, 27])
        #expect(report.splits.reduce(0) { $0 + $1.crowds } == 3)
        #expect(report.splits.reduce(0) { $0 + $1.objectCount + $1.crowds } == 181 + 174)
        #expect(report.splits.reduce(0) { $0 + $1.emptyImages } == 1)
        for name in data.splitNames {
            let split = try data.split(name)
            for index in 0..<split.count {
                let image = try split.image(index)
                #expect(image.width == split.records[index].image.width)
            }
        }
    }

    @Test func bloodSmearsArePacked() throws {
        let root = try #require(SharedFolder.url).appending(path: "data/bccd")
        let folder = try TemporaryFolder()
        var options = PackOptions()
        options.threads = 2
        let report = try packDataset(root: root, to: folder.url, options: options)
        #expect(report.splits.map(\.images) == [248, 44, 72])
        #expect(report.splits[0].objectCount + report.splits[1].objectCount == 3941)
        #expect(report.splits[2].objectCount == 945)
        #expect(report.skipped.isEmpty)
    }
}
