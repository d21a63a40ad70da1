import Dataset
import DetectorKit
import Forecasts
import Search
public import StageKit
import Training

extension TeacherPool {
    public func forecast(_ options: TeacherPoolOptions, _ inputs: [Prospect]) throws -> Forecast? {
        guard let data = inputs.first(.dataset), let images = data.images(SplitName.train),
            let base = try inputs.first(.detector)?.graph(backbones)
        else { return nil }
        _ = try data.imagesToChooseBy
        let grown = try options.growth.grow(base, backbones)
        let supernet = try options.supernet(of: base, above: grown, backbones)
        let largest = grown.cost
        let smallest = try supernet.subnet(supernet.space.smallest).graph.cost
        // As the space opens, the smaller ones go from the largest's size to the middle of it.
        let mean = (largest.multiplyAccumulates + smallest.multiplyAccumulates) / 2
        let closed = options.schedule.opening / 2
        let drawn = Cost(
            multiplyAccumulates: Int(
                closed * Double(largest.multiplyAccumulates) + (1 - closed) * Double(mean)), parameters: 0)

        let (batch, passes) = (options.plan.batchSize, images * Double(options.plan.epochs))
        var work = Work()
        work.train(largest, images: passes + Double(8 * batch), batch: batch)
        work.train(drawn, images: passes * Double(options.schedule.sampled), batch: batch)
        work.look(mean, images: Double(options.cardSamples + 2) * (data.images(options.evaluateOn) ?? 0))
        work.look(base.cost.multiplyAccumulates, images: Double(options.latencyImages * options.latencyRounds))
        return try work.forecast(.pool(largest: largest.multiplyAccumulates, mean: mean))
            .needing(disk: largest.trainingBytes)
    }
}
