import DetectorKit
import Forecasts
public import StageKit

extension Evaluate {
    public func forecast(_ options: EvaluateOptions, _ inputs: [Prospect]) throws -> Forecast? {
        guard let images = inputs.first(.dataset)?.images(options.split) else { return nil }
        var detectors: [Int] = []
        for input in inputs {
            switch input.kind {
            case .detector:
                guard let cost = try input.cost(backbones) else { return nil }
                // The first one is the base, wherever it stands.
                let isBase = input == inputs.first(.detector)
                detectors.insert(cost.multiplyAccumulates, at: isBase ? 0 : detectors.count)
            case .searchResult:
                guard let (base, student) = try input.search(backbones) else { return nil }
                // The search's base is one of the detectors, if any is given.
                if inputs.first(.detector) == nil { detectors.append(base.multiplyAccumulates) }
                detectors.append(student.multiplyAccumulates)
            case .teacherPool: detectors.append(input.teachers?.mean ?? 0)
            default: continue
            }
        }
        // An earlier evaluation was one of the base, most likely.
        let known = inputs.first(.evaluation) != nil ? 1 : 0
        var work = Work()
        for (place, detector) in detectors.enumerated() {
            // A round more, to warm up.
            let passes = Double(min(Int(images), options.latencyImages) * (options.latencyRounds + 1))
            work.look(detector, images: passes + (place < known ? 0 : images))
        }
        work.add(seconds: Evaluate.resampleSeconds * Double(options.bootstrap * detectors.count) * images)
        return try work.forecast(.nothing)
    }

    /// Of one image in one resampling of the interval's.
    private static let resampleSeconds = 2e-5
}
