import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
import Models
import Search
import StageKit
import Training

/// What a detector is in an evaluation.
enum Role: Hashable, CustomStringConvertible {
    case base, student, teacher
    /// Another detector that the student is held against: the base trained on for as long as the search took, say.
    case rival(String)

    var description: String {
        switch self {
        case .base: "base"
        case .student: "student"
        case .teacher: "teacher"
        case .rival(let name): name
        }
    }

    var rivalName: String? { if case .rival(let name) = self { name } else { nil } }
}

/// A detector to be measured.
struct Contender {
    let role: Role
    let detector: Detector
    /// What the base was given as; nil for others, and where it is a part of the search's result.
    var artifact: Artifact?
}

extension Contender {
    /// Tells what detections depend on: network and weights, images, what computes, and this plugin's version, which stands for the
    /// code. What has the same one has the same detections, to the last bit.
    func measured(on split: DatasetSplit, of images: Digest, _ device: DeviceIdentity, version: Int) throws -> Digest {
        let parts: JSON = [
            "architecture": .string(try detector.architecture.digest.hex),
            "weights": .string(SafeTensors(detector.weights).digest.hex), "images": .string(images.hex),
            "split": .string(split.name), "device": try JSON(encoding: device), "version": .integer(version),
        ]
        return Digest(of: parts.canonicalText)
    }
}

extension Evaluate {
    /// Base, student, teacher and rivals, as far as the inputs give them. The base is the detector that the
    /// search started from, among the inputs or in its result.
    func contenders(_ search: SearchRecord?, _ data: PackedDataset, _ context: StageContext) throws -> [Contender] {
        let result = context.inputs.first(.searchResult)
        var others = try context.inputs.all(.detector).map { artifact in
            (artifact: artifact, detector: try DetectorFiles.read(from: artifact.directory, backbones))
        }
        guard result != nil || others.count < 2 else {
            throw Failure(
                "\(others.count) detectors, and no search's result to hold against them", at: context.stage,
                remedy: "evaluate one detector, or add a joint-search stage to 'needs'")
        }
        // The search knows its base by its weights; where it does not tell, the first detector is the base.
        let digest = search?.baseWeights
        let place = others.firstIndex {
            digest == nil || SafeTensors($0.detector.weights).digest == digest
        }
        let given = place.map { others.remove(at: $0) }
        let base =
            try given?.detector
            ?? result.map { try DetectorFiles.read(from: $0.directory.appending(path: "base"), backbones) }
        guard let base else {
            throw Failure(
                "nothing to evaluate", at: context.stage,
                remedy: "add a stage that makes a detector or a search result to 'needs'")
        }
        var contenders = [Contender(role: .base, detector: base, artifact: given?.artifact)]
        if let result {
            let folder = result.directory.appending(path: "student")
            contenders.append(Contender(role: .student, detector: try DetectorFiles.read(from: folder, backbones)))
        }
        if let teacher = try teacher(search, data, context) { contenders.append(teacher) }
        contenders += rivals(others)
        for contender in contenders {
            try contender.detector.architecture.requireClasses(
                of: data, "the \(contender.role)", at: context.stage,
                remedy: "evaluate on the data set that it was trained on")
        }
        return contenders
    }

    /// The detectors that are not the base, by the names of their stages.
    private func rivals(_ others: [(artifact: Artifact, detector: Detector)]) -> [Contender] {
        var names: Set = ["base", "student", "teacher"]
        return others.map { artifact, detector in
            var name = artifact.reference.split(separator: "/").last.map(String.init) ?? "rival"
            while !names.insert(name).inserted { name += "-2" }
            return Contender(role: .rival(name), detector: detector)
        }
    }

    /// The student's teacher, where its pool is among the inputs.
    private func teacher(
        _ search: SearchRecord?, _ data: PackedDataset, _ context: StageContext
    ) throws -> Contender? {
        guard let pool = context.inputs.first(.teacherPool), let choice = search?.teacher,
            search?.summary["mode"]?.string != SearchSettings.Mode.noDistillation.rawValue
        else { return nil }
        guard search?.pool == pool.digest.hex else {
            context.log("the teacher pool '\(pool.reference)' is not the search's: no teacher is evaluated")
            return nil
        }
        let shelf = TeacherShelf(
            try ElasticPool(from: pool.directory, backbones), train: try data.split(SplitName.train),
            images: data.digest)
        return Contender(role: .teacher, detector: try shelf.detector(choice))
    }
}
