import Glibc

/// The learning rate at each step of a run: a linear warm-up, then a decay.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    public enum Decay: Sendable, Hashable, Codable {
        case constant
        /// Multiplied with `factor` when the run has come past each fraction of its steps: [8/12, 11/12] and 0.1 for the
        /// usual 12 epochs.
        case step(milestones: [Double], factor: Double)
        /// Half a cosine from the end of the warm-up to the end of the run (Loshchilov and Hutter, "SGDR", 2017), down
        /// to `final` times the rate.
        case cosine(final: Double)
    }

    /// The rate after the warm-up.
    public var base: Double
    public var decay: Decay
    /// Steps of the warm-up; 0 for none. A run that is shorter warms up over all its steps.
    public var warmUpSteps: Int
    /// Where the warm-up starts, as a part of `base`.
    public var warmUpFactor: Double

    public init(base: Double, decay: Decay = .constant, warmUpSteps: Int = 0, warmUpFactor: Double = 0.001) {
        self.base = base
        self.decay = decay
        self.warmUpSteps = warmUpSteps
        self.warmUpFactor = warmUpFactor
    }

    /// The rate of step `step` (from 0) of a run of `total` steps.
    public func rate(step: Int, of total: Int) -> Double {
        let warmUp = min(warmUpSteps, total)
        var rate = base
        switch decay {
        case .constant: break
        case .step(let milestones, let factor):
            for milestone in milestones where step >= Int((milestone * Double(total)).rounded()) { rate *= factor }
        case .cosine(let final):
            let progress = Double(max(step - warmUp, 0)) / Double(max(total - warmUp, 1))
            rate *= final + (1 - final) * (1 + cos(.pi * min(progress, 1))) / 2
        }
        if step < warmUp {
            rate *= warmUpFactor + (1 - warmUpFactor) * Double(step) / Double(warmUp)
        }
        return rate
    }
}
