import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
import StageKit
import Training

/// What a detector is in an evaluation.
enum Role: String, CustomStringConvertible {
    case base, student
    var description: String { rawValue }
}

/// A detector to be measured.
struct Contender {
    let role: Role
    let detector: Detector
}

extension Evaluate {
    /// Base and student, as far as the inputs give them.
    func contenders(_ split: DatasetSplit, _ context: StageContext) throws -> [Contender] {
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
        for contender in contenders where contender.detector.architecture.classes != split.categories.count {
            throw Failure(
                "the \(contender.role) knows \(contender.detector.architecture.classes) classes, the data set has "
                    + "\(split.categories.count)", at: context.stage,
                remedy: "evaluate on the data set that it was trained on")
        }
        return contenders
    }
}
