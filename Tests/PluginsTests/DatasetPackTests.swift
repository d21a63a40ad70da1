import Basics
import Dataset
import DatasetPack
import Foundation
import Images
import Manifest
import StageKit
import TestSupport
import Testing

@Suite struct DatasetPackTests {
    let folder: TemporaryFolder
    let plugin = DatasetPack()

    init() throws { folder = try TemporaryFolder() }

    /// The options that YAML gives, or the diagnostics' text.
    private func read(_ yaml: String) throws -> (options: DatasetPackOptions?, problems: String) {
        let node = try YAMLNode(parsing: Data(yaml.utf8), file: "job.yaml")
        var reader = ConfigReader(node, file: "job.yaml", baseDirectory: folder.url)
        let options = plugin.options(&reader)
        reader.finish()
        let text = reader.diagnosis.diagnostics.map { "\($0)" }.joined(separator: "\n")
        return (options, text.replacing(folder.url.path, with: "~"))
    }

    private func run(_ yaml: String, in attempt: String, threads: Int = 1) throws -> StageContext {
        let options = try #require(try read(yaml).options)
        let context = try StageContext(stage: "data", threads: threads, attempt: folder[attempt], log: { _ in })
        try plugin.run(options, context)
        return context
    }

    private func contents(_ attempt: String) throws -> [String: Digest] {
        var found: [String: Digest] = [:]
        for path in folder.files() where path.hasPrefix("\(attempt)/output/") {
            found[String(path.dropFirst(attempt.count))] = try Digest(ofFile: folder[path])
        }
        return found
    }

    static let small = "format: synth\ntrain: 8\nval: 3\nwidth: 80\nheight: 64\nseed: 4\n"

    @Test func synthIsDrawnAndPacked() throws {
        let context = try run(Self.small + "search_fraction: 0.25", in: "a")
        let data = try PackedDataset(context.output.directory)
        #expect(try data.splitNames.map { try data.split($0).count } == [6, 2, 3])
        #expect(context.output.summary["headline"]?.array?.count ?? 0 >= 3)
        #expect(context.output.summary["splits"]?["val"]?["images"] == 3)
        #expect(
            try contents("a").keys.sorted() == [
                "/output/index.json", "/output/preview.png", "/output/shards/search-000000.tar",
                "/output/shards/train-000000.tar", "/output/shards/val-000000.tar",
            ])
    }

    @Test func sameInputGivesSameArtifact() throws {
        _ = try run(Self.small, in: "a")
        _ = try run(Self.small, in: "b", threads: 3)
        #expect(try contents("a") == contents("b"))
        _ = try run(Self.small.replacing("seed: 4", with: "seed: 5"), in: "c")
        #expect(try contents("a") != contents("c"))
    }

    @Test func wrongOptionsAreNamed() throws {
        #expect(
            try read("format: synth\nwidth: 7\nroot: here").problems == """
                job.yaml:2:8: error: 'width' must be from 48 to 4096, not 7
                  remedy: give a whole number from 48 to 4096
                job.yaml:3:1: error: unknown key 'root'
                  remedy: remove it; known here: classes, format, height, on_bad_annotation, search_fraction, seed, \
                shard_mb, train, val, width
                """)
        #expect(try read("root: nowhere").problems.contains("there is no folder 'nowhere'"))
        #expect(try read("{}").problems.contains("'root'"))
        #expect(try read("format: cooc\nroot: .").problems.contains("did you mean 'coco'?"))
    }

    @Test func missingAnnotationsAreToldWhenTheManifestIsRead() throws {
        try folder.write("{}", to: "set/annotations/instances_train2017.json")
        try FileManager.default.createDirectory(at: folder["set/train2017"], withIntermediateDirectories: true)
        let problems = try read("root: set\ntrain: train2017\nval: val2017").problems
        #expect(
            problems.contains(
                "job.yaml:3:6: error: in this data set there is no file 'annotations/instances_val2017.json'"))
        #expect(problems.contains("job.yaml:3:6: error: in this data set there is no folder 'val2017'"))
        #expect(!problems.contains("job.yaml:2"))
    }

    @Test func everyOptionIsDescribed() {
        let keys = plugin.describedOptions.map(\.key)
        #expect(
            Set(keys) == [
                "format", "root", "train", "val", "width", "height", "search_fraction", "seed", "on_bad_annotation",
                "classes", "shard_mb",
            ])
    }

    @Test(.enabled(if: SharedFolder.isPresent, Comment(rawValue: SharedFolder.hint)))
    func photosArePacked() throws {
        let shared = try #require(SharedFolder.url)
        try FileManager.default.copyItem(at: shared.appending(path: "data/coco-by"), to: folder["set"])
        let context = try run("root: set\nclasses: [person, dog]", in: "a")
        #expect(context.output.summary["classes"] == ["person", "dog"])
        #expect(try decodeImage(Data(contentsOf: folder["a/output/preview.png"]), place: "preview").width == 1200)
    }
}
