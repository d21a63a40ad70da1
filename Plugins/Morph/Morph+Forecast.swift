import Dataset
import DetectorKit
import Forecasts
public import StageKit

extension Morph {
    public func forecast(_ options: MorphOptions, _ inputs: [Prospect]) throws -> Forecast? {
        guard let data = inputs.first(.dataset), let base = try inputs.first(.detector)?.cost(backbones) else {
            return nil
        }
        let child = base.scaled(by: options.macs ?? 1)
        var work = Work()
        work.train(
            base, images: Double(options.importanceBatches * options.batchSize), batch: options.batchSize)
        if let split = options.evaluateOn, let images = data.images(split) {
            work.look(base.multiplyAccumulates + child.multiplyAccumulates, images: images)
        }
        return try work.forecast(.costs(child)).needing(disk: 2 * base.weightBytes)
    }
}
