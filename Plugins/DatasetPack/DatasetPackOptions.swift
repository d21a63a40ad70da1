public import Dataset
import Foundation
import Manifest

/// What the manifest says under `with:`.
public struct DatasetPackOptions: Codable, Sendable {
    enum Source: Codable, Sendable {
        /// The folder of a data set in COCO layout.
        case coco(folder: String)
        case synth(Scenes)
    }

    /// How many synthetic scenes, and of how many pixels.
    struct Scenes: Codable, Sendable {
        var train: Int
        var val: Int
        var width: Int
        var height: Int
    }

    private enum Format: String, CaseIterable { case coco, synth }

    var source: Source
    public var pack: PackOptions

    init?(_ reader: ConfigReader) {
        var pack = PackOptions()
        let format = reader.choice(
            "format", default: Format.coco,
            help: "coco: annotations/instances_<split>.json and a folder of pictures a split; synth: drawn blood smears"
        )
        var source: Source?
        switch format {
        case .coco:
            let root = reader.directory("root", help: "the data set's folder")
            pack.train = reader.string(
                "train", default: pack.train, help: "coco: the folder to train on; synth: scenes to train on (240)")
            pack.val = reader.string(
                "val", default: pack.val, help: "coco: the folder to measure on; synth: scenes to measure on (60)")
            source = root.map { .coco(folder: $0.path(percentEncoded: false)) }
            if let root { Self.checkAnnotationFiles(root, pack, reader) }
        case .synth:
            source = .synth(
                Scenes(
                    train: reader.int("train", default: 240, in: 2...1_000_000, help: "scenes to train on"),
                    val: reader.int("val", default: 60, in: 1...1_000_000, help: "scenes to measure on"),
                    width: reader.int("width", default: 176, in: 48...4096, help: "pixels of a scene"),
                    height: reader.int("height", default: 144, in: 48...4096, help: "pixels of a scene")))
        }
        pack.searchFraction = reader.double(
            "search_fraction", default: pack.searchFraction, in: 0...0.9,
            help: "the part of train held out for the search to measure on")
        pack.splitSeed = UInt64(
            reader.int("seed", default: 0, in: 0...Int.max, help: "decides what is held out, and what synth draws"))
        pack.onBadAnnotation = reader.choice(
            "on_bad_annotation", default: pack.onBadAnnotation,
            help: "refuse: report all and stop; skip: leave them out")
        pack.classes = reader.optionalStrings(
            "classes", count: 1...10_000, help: "only these classes, by name; else all")
        pack.shardBytes =
            reader.int("shard_mb", default: pack.shardBytes >> 20, in: 1...65_536, help: "MiB of pictures in a shard")
            << 20
        guard let source else { return nil }
        self.source = source
        self.pack = pack
    }

    /// A missing annotation file is told when the manifest is read, not in the night when the stage runs.
    private static func checkAnnotationFiles(_ root: URL, _ pack: PackOptions, _ reader: ConfigReader) {
        for (key, name) in [("train", pack.train), ("val", pack.val)] {
            for (path, isFolder) in [("annotations/instances_\(name).json", false), (name, true)] {
                guard let problem = pathProblem(path, base: root, directory: isFolder) else { continue }
                reader.report(
                    reader.has(key) ? key : "root", "in this data set \(problem.message)", remedy: problem.remedy)
            }
        }
    }
}
