import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
import Search
import StageKit
import Training

/// What a detector is in an evaluation.
enum Role: String, CustomStringConvertible {
    case base, student, teacher
    var description: String { rawValue }
}

/// A detector to be measured.
struct Contender {
    let role: Role
    let detector: Detector
}

extension Evaluate {
    /// Base, student and teacher, as far as the inputs give them.
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
        for contender in contenders {
            try contender.detector.architecture.requireClasses(
                of: data, "the \(contender.role)", at: context.stage,
                remedy: "evaluate on the data set that it was trained on")
        }
        return contenders
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
