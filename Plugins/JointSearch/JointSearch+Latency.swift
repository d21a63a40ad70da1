import Basics
import Detection
import DetectorKit
import Foundation
import Models
import Search
import StageKit
import Training

// Where a search's latencies come from: a table that it is given, an earlier search, or measurements of its own.
extension JointSearch {
    /// The table that the search starts from: the one that was given, if it is this device's, an earlier search's, or an empty one.
    func latencyTable(
        _ options: JointSearchOptions, base: Detector, _ context: StageContext
    ) throws -> LatencyTable {
        let device = DeviceIdentity.current(threads: context.threads)
        guard let given = options.latencyTable else {
            return try latencyTable(of: context.inputs.first(.searchResult), base: base, device, context)
        }
        let table = try LatencyTable(json: given, at: "latency_table")
        guard table.device == device else {
            throw Failure(
                "the latency table is another device's: \(table.device), not \(device)", at: "latency_table",
                remedy: "leave latency_table out: the search measures a new one")
        }
        return table
    }

    /// An earlier search's table. On another device its latencies say nothing, and the search measures its own; of another base's
    /// its operators serve.
    private func latencyTable(
        of earlier: Artifact?, base: Detector, _ device: DeviceIdentity, _ context: StageContext
    ) throws -> LatencyTable {
        guard let earlier else { return LatencyTable(device: device) }
        func read(_ name: String) throws -> (json: JSON, place: String) {
            let file = earlier.directory.appending(path: name)
            return (try JSON(parsing: Data(contentsOf: file), at: file.path), file.path)
        }
        let (json, place) = try read(Self.tableName)
        var table = try LatencyTable(json: json, at: place)
        guard table.device == device else {
            context.log(
                "notice: latencies are measured anew: \(earlier.reference) has another device's, \(table.device), not "
                    + "\(device)")
            return LatencyTable(device: device)
        }
        let (text, origin) = try read(Self.lineageName)
        if try Lineage(json: text, at: origin).baseWeights != SafeTensors(base.weights).digest {
            context.log("notice: \(earlier.reference) searched from another base: this one's latency is measured")
            table.fit = nil
        } else {
            context.log("latencies are those of \(earlier.reference)")
        }
        return table
    }

    /// Unless the table was fitted on this base already, measures it as a whole detector, and fits what predicts the students'
    /// latencies. Gives the base's latency as predicted: a search that is given this one's table then starts from the same number.
    func calibrate(
        _ model: LatencyModel, _ inputs: SearchInputs, _ options: JointSearchOptions, _ context: StageContext
    ) throws -> Double {
        if let fit = model.table.fit, try fit.base == inputs.base.architecture.digest {
            context.log("deciding by the latency table that was given")
        } else {
            let images = try latencyImages(inputs.search, count: options.latencyImages)
            let figures = try model.calibrate(
                on: inputs.base, images: images, rounds: options.latencyRounds, backbones, log: context.log
            ) { _ in
                try context.checkCancelled()
                context.progress.report(fraction: 0, message: "measuring latency on \(images.count) images")
            }
            context.log("the base takes \(tenths(figures.median)) ms (median), \(tenths(figures.p95)) ms (95 of 100)")
        }
        return model.predict(inputs.base.graph)
    }
}
