import Basics
import Dataset
import Detection
public import DetectorKit
import Devices
import Foundation
public import Manifest
import Search
public import StageKit
import Tensor
import Training

/// Stage `extract-teacher`: takes a teacher out of a pool, as a detector of its own.
///
/// The artifact is the detector, and `teacher.json`: which teacher it is, its cost and AP.
public struct ExtractTeacher: StagePlugin {
    let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public let name = "extract-teacher"
    public let version = 1
    public let summary = "takes a teacher out of a pool, as a detector of its own"
    public let consumes = [
        InputRequirement(.dataset, required: true), InputRequirement(.teacherPool, required: true),
    ]
    public let produces = ArtifactKind.detector

    public func options(_ reader: inout ConfigReader) -> ExtractTeacherOptions? { ExtractTeacherOptions(reader) }

    public func run(_ options: ExtractTeacherOptions, _ context: StageContext) throws {
        Compute.prepare(threads: context.threads, precision: .float32, notice: context.log)
        let given = try context.inputs.require(.teacherPool)
        let dataset = try PackedDataset(try context.inputs.require(.dataset).directory)
        let pool = try ElasticPool(from: given.directory, backbones)
        try pool.supernet.graph.architecture.requireClasses(
            of: dataset, "the pool", at: given.reference, remedy: "give a pool for the data set's classes")
        let teacher = try pool.teacher(named: options.teacher)
        let split = try options.evaluateOn.map { name in try dataset.split(name) }
        try split?.requireObjects(
            "to look at the teacher on", at: "evaluate_on", remedy: "name another split, or none")
        let shelf = TeacherShelf(pool, train: try dataset.split(SplitName.train), images: dataset.digest)
        let detector = try shelf.detector(teacher.choice)
        try DetectorFiles.write(detector, to: context.output.directory)
        try DetectorFiles.write(dataset.categories, to: context.output.directory)

        let precision = try split.map { split in
            try evaluateDetector(detector, on: split) { done in
                context.progress.report(fraction: done, message: "looking at the teacher on '\(split.name)'")
                try context.checkCancelled()
            }.averagePrecision
        }
        let summary: JSON = [
            "teacher": .string(teacher.choice.description), "digest": .string(try teacher.digest.hex),
            "macs": .integer(teacher.cost.multiplyAccumulates), "parameters": .integer(teacher.cost.parameters),
            "ap": precision.map { .number($0) } ?? .null,
            "evaluated_on": options.evaluateOn.map { .string($0) } ?? .null,
            "headline": [
                .string(
                    "\(teacher.choice)"
                        + (precision.map { ": AP \(tenths(100 * $0)) on '\(options.evaluateOn ?? "")'" } ?? ""))
            ],
        ]
        try DurableFile.write(summary.prettyText, to: context.output.directory.appending(path: "teacher.json"))
        for member in [
            "teacher.json", DetectorFiles.architectureName, DetectorFiles.weightsName, DetectorFiles.categoriesName,
        ] { context.output.mark(member, bundle: true) }
        context.output.summary = summary
    }
}

/// What `with:` of an `extract-teacher` stage says.
public struct ExtractTeacherOptions: Codable, Sendable {
    /// As `ElasticPool.teacher(named:)` takes it.
    public var teacher: String
    /// The split that it is looked at on; nil for none.
    public var evaluateOn: String?

    init?(_ reader: ConfigReader) {
        let teacher = reader.string(
            "teacher", help: "a name or digest on the pool's card, or \(SearchSpace.grammar)")
        let split = reader.choice(
            "evaluate_on", default: SplitName.search, among: [SplitName.search, SplitName.val, "none"],
            help: "the split that it is looked at on")
        evaluateOn = split == "none" ? nil : split
        guard let teacher else { return nil }
        self.teacher = teacher
    }
}
