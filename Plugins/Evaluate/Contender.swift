import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
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
}

extension Evaluate {
    /// Base, student, teacher and rivals, as far as the inputs give them. The first detector among the inputs is the base.
    func contenders(_ search: SearchRecord?, _ data: PackedDataset, _ context: StageContext) throws -> [Contender] {
        let result = context.inputs.first(.searchResult)
        let base = context.inputs.first(.detector)?.directory ?? result?.directory.appending(path: "base")
        guard let base else {
            throw Failure(
                "nothing to evaluate", at: context.stage,
                remedy: "add a stage that makes a detector or a search result to 'needs'")
        }
        var contenders = [Contender(role: .base, detector: try DetectorFiles.read(from: base, backbones))]
        if let result {
            let folder = result.directory.appending(path: "student")
            contenders.append(Contender(role: .student, detector: try DetectorFiles.read(from: folder, backbones)))
        }
        if let teacher = try teacher(search, data, context) { contenders.append(teacher) }
        contenders += try rivals(context)
        for contender in contenders {
            try contender.detector.architecture.requireClasses(
                of: data, "the \(contender.role)", at: context.stage,
                remedy: "evaluate on the data set that it was trained on")
        }
        return contenders
    }

    /// The detectors after the first, by the names of their stages.
    private func rivals(_ context: StageContext) throws -> [Contender] {
        var names: Set = ["base", "student", "teacher"]
        return try context.inputs.all(.detector).dropFirst().map { artifact in
            var name = artifact.reference.split(separator: "/").last.map(String.init) ?? "rival"
            while !names.insert(name).inserted { name += "-2" }
            return Contender(role: .rival(name), detector: try DetectorFiles.read(from: artifact.directory, backbones))
        }
    }

    /// The student's teacher, where its pool is among the inputs.
    private func teacher(
        _ search: SearchRecord?, _ data: PackedDataset, _ context: StageContext
    ) throws -> Contender? {
        guard let pool = context.inputs.first(.teacherPool), let choice = search?.teacher else { return nil }
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
