import Basics
public import Detection
public import DetectorKit
import Dispatch
import Foundation
import Tensor
public import Training

extension LatencyModel {
    /// Measures a base detector and a narrow relative of it as whole detectors, side by side, and fits the model on them; again
    /// where the machine seems to have been busy with something else. Returns the base's figures.
    ///
    /// - Parameters:
    ///   - rounds: passes over the images: half of them, rounded up, in each of an attempt's two turns.
    ///   - log: told when a measurement was disturbed.
    ///   - progress: called after each image, and while it waits, with the fraction done; may throw to stop.
    public func calibrate(
        on base: Detector, images: [ImagePlanes], rounds: Int, _ catalog: BackboneCatalog,
        log: (String) -> Void = { _ in }, progress: (Double) throws -> Void = { _ in }
    ) throws -> LatencyFigures {
        let narrow = try Self.narrow(base, catalog)
        // One attempt is the rule; the last tenth is for more.
        let most = 0.9
        return try calibrate(
            on: [base.graph, narrow.graph], regions: Self.regions(of: base, images: images), log: log,
            pause: { try wait($0) { try progress(most) } },
            whole: { turn in
                try measureLatency(of: [base, narrow], images: images, rounds: (rounds + 1) / 2) {
                    try progress(most * min(1, (Double(turn) + $0) / 2))
                }
            })
    }

    /// How often is measured at most.
    package static let attempts = 4

    /// Measures until what it sees fits together, and takes what fits best.
    ///
    /// The pauses between the attempts are as long as an attempt, then twice and four times as long: who else is at work may
    /// be done soon, and a small detector is not waited for long.
    ///
    /// - Parameters:
    ///   - graphs: the base first.
    ///   - pause: waits so many seconds; may throw to stop.
    ///   - whole: measures the detectors of these graphs side by side; told how often it has done so before.
    package func calibrate(
        on graphs: [DetectorGraph], regions: Int, log: (String) -> Void, pause: (Double) throws -> Void,
        whole: (Int) throws -> [LatencyFigures]
    ) throws -> LatencyFigures {
        func measured(_ number: Int) throws -> (attempt: CalibrationAttempt, seconds: Double) {
            let start = DispatchTime.now().uptimeNanoseconds
            let attempt = try CalibrationAttempt(graphs, regions: regions, operator: measure) {
                try whole(2 * (number - 1) + $0)
            }
            return (attempt, Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
        }
        var (best, seconds) = try measured(1)
        var last: CalibrationAttempt?
        for number in 2...Self.attempts where !best.isCalm && !(last.map { $0.confirms(best) } ?? false) {
            log(
                "what was measured of latencies does not fit together, as on a machine with other work: measuring again"
            )
            try pause(seconds * Double(1 << (number - 2)))
            let next = try measured(number)
            seconds = next.seconds
            if next.attempt.disturbance < best.disturbance {
                (best, last) = (next.attempt, best)
            } else {
                last = next.attempt
            }
        }
        settle(on: best, base: graphs[0])
        if let doubt = best.fit.doubt { log(doubt) }
        return best.base
    }

    private func wait(_ seconds: Double, _ look: () throws -> Void) throws {
        let end = DispatchTime.now().uptimeNanoseconds + UInt64(1e9 * seconds)
        repeat {
            try look()
            let left = Double(Int64(end) - Int64(DispatchTime.now().uptimeNanoseconds)) / 1e9
            Thread.sleep(forTimeInterval: min(0.2, max(0, left)))
        } while DispatchTime.now().uptimeNanoseconds < end
    }

    /// The base with every width halved, as far as widths go: it costs about a quarter.
    private static func narrow(_ base: Detector, _ catalog: BackboneCatalog) throws -> Detector {
        var (graph, weights) = (base.graph, base.weights)
        for group in base.graph.channelGroups {
            guard let knob = group.knobs.first else { continue }
            let unit = graph.searchUnit(of: knob)
            let action = StudentAction.setWidth(knob: knob, width: max(1, group.width / unit / 2) * unit)
            // A width that cannot be halved, for a shortcut's sake, stays.
            guard let child = try? action.apply(to: graph, catalog) else { continue }
            weights = try Inheritance(action, parent: graph, child: child, importance: nil, catalog)
                .weights(weights, .init(seed: 0))
            graph = child
        }
        return Detector(graph: graph, weights: weights)
    }

    /// The mean number of regions that reach the box head.
    private static func regions(of detector: Detector, images: [ImagePlanes]) throws -> Int {
        var count = 0
        for image in images {
            let pass = DetectorPass(
                detector.graph, weights: detector.weights, tape: Tape(recording: false), mode: .inference)
            count += pass.proposals(try pass.features(detector.transform.batch([image]))).reduce(0) { $0 + $1.count }
        }
        return max(1, count / max(1, images.count))
    }
}
