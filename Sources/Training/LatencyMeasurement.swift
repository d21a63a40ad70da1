import Basics
public import Detection
import Dispatch

/// Latency of a whole detector, from decoded pixels to boxes, batch 1, in milliseconds.
public struct LatencyFigures: Sendable, Hashable, Codable {
    public var median: Double
    /// 95 of 100 images take at most this.
    public var p95: Double
    /// Every measured image, in the order of measurement.
    public var samples: [Double]

    public init(samples: [Double]) {
        let sorted = samples.sorted()
        func quantile(_ q: Double) -> Double {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int((Double(sorted.count) * q).rounded(.down)))]
        }
        median = quantile(0.5)
        p95 = quantile(0.95)
        self.samples = samples
    }
}

/// Measures detectors side by side.
///
/// Each image is given to every detector in turn before the next image, and the order turns from image to image, so
/// that the machine's drift and its other users fall on all alike. The first `warmUp` images are not counted.
///
/// - Parameter progress: called after each image with the fraction done; may throw to stop.
public func measureLatency(
    of detectors: [Detector], images: [ImagePlanes], rounds: Int, warmUp: Int = 2,
    progress: (Double) throws -> Void = { _ in }
) throws -> [LatencyFigures] {
    guard !images.isEmpty else {
        throw Failure("no images to measure latency on", remedy: "give a split with at least one image")
    }
    var samples = [[Double]](repeating: [], count: detectors.count)
    let passes = -warmUp..<rounds * images.count
    for pass in passes {
        let image = images[(pass + warmUp) % images.count]
        for turn in detectors.indices {
            let index = (turn + pass + warmUp) % detectors.count
            let start = DispatchTime.now().uptimeNanoseconds
            _ = try detectors[index].detect([image])
            let elapsed = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6
            if pass >= 0 { samples[index].append(elapsed) }
        }
        try progress(Double(pass + warmUp + 1) / Double(passes.count))
    }
    return samples.map(LatencyFigures.init)
}
