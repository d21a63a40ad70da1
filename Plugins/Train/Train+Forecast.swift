import Dataset
import DetectorKit
import Forecasts
public import StageKit
import Training

extension Train {
    public func forecast(_ options: TrainOptions, _ inputs: [Prospect]) throws -> Forecast? {
        guard let data = inputs.first(.dataset), let images = data.images(options.trainOn),
            let start = try start(options, inputs)
        else { return nil }
        let batch = options.plan.batchSize
        let whole = images * Double(options.plan.epochs)
        var work = Work()
        work.train(start.cost, images: min(whole, Double(batch * (options.steps ?? .max / batch))), batch: batch)
        if let split = options.evaluateOn, let looked = data.images(split) {
            let times = options.evaluateEvery > 0 ? max(1, options.plan.epochs / options.evaluateEvery) : 1
            work.look(start.cost.multiplyAccumulates, images: looked * Double(times))
        }
        return try work.forecast(start.architecture.map { .detector($0) } ?? .costs(start.cost))
            .needing(disk: start.cost.trainingBytes)
    }

    /// The detector that it starts from: its architecture where more than its cost is known.
    private func start(
        _ options: TrainOptions, _ inputs: [Prospect]
    ) throws -> (architecture: DetectorArchitecture?, cost: Cost)? {
        if let given = inputs.first(.detector) {
            guard let cost = try given.cost(backbones) else { return nil }
            return (try given.graph(backbones)?.architecture, cost)
        }
        // Classes make little of a detector's cost.
        let architecture =
            try options.from.map { try DetectorFiles.architecture(in: $0) }
            ?? options.detector?.architecture(classes: 1, backbones)
        return try architecture.map { ($0, try DetectorGraph($0, backbones).cost) }
    }
}
