import Basics
import Dataset
import Foundation
public import Manifest
public import StageKit
import Synth

/// `dataset-pack`: checks a data set, decodes every picture once, and packs it into shards for the stages to come.
public struct DatasetPack: StagePlugin {
    public let name = "dataset-pack"
    public let version = 1
    public let summary = "check a data set and pack it into shards, with a part of train held out for the search"
    public let consumes: [InputRequirement] = []
    public let produces = ArtifactKind.dataset

    public init() {}

    public func options(_ reader: inout ConfigReader) -> DatasetPackOptions? { DatasetPackOptions(reader) }

    public func run(_ options: DatasetPackOptions, _ context: StageContext) throws {
        // What synth draws is needed until it is packed, and is no part of the result.
        let drawing = context.output.directory.appending(path: ".drawn")
        defer { try? FileManager.default.removeItem(at: drawing) }
        var (root, drawnPart) = (URL(filePath: "/"), 0.0)
        switch options.source {
        case .coco(let folder): root = URL(filePath: folder)
        case .synth(let scenes):
            (root, drawnPart) = (drawing, 0.6)
            try writeSyntheticDataset(
                to: drawing, train: scenes.train, val: scenes.val, size: (scenes.width, scenes.height),
                seed: options.pack.splitSeed
            ) { fraction, message in
                context.progress.report(fraction: fraction * drawnPart, message: message)
                try context.checkCancelled()
            }
        }

        var pack = options.pack
        pack.threads = context.threads
        let report = try packDataset(root: root, to: context.output.directory, options: pack) { fraction, message in
            context.progress.report(fraction: drawnPart + (1 - drawnPart) * fraction, message: message)
            try context.checkCancelled()
        }

        let packed = try PackedDataset(context.output.directory)
        try writePreview(of: packed, to: context.output.directory.appending(path: "preview.png"))
        context.output.mark("preview.png", bundle: true)
        context.output.summary = report.summary
        for line in report.headline { context.log(line) }
    }
}
