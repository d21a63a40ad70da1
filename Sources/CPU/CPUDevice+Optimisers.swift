import CKernels
public import Devices

extension CPUDevice {
    public func sgd(_ updates: [SGDUpdate], rate: Float, momentum: Float, scale: Float) {
        let segments = updates.map {
            jk_sgd_segment(
                parameter: $0.parameter, velocity: $0.velocity, gradient: $0.gradient, count: $0.count,
                decay: $0.decay)
        }
        jk_sgd(segments, segments.count, rate, momentum, scale)
    }

    public func adamW(_ updates: [AdamWUpdate], scale: Float) {
        let segments = updates.map { update in
            let factors = update.factors
            return jk_adamw_segment(
                parameter: update.parameter, first: update.first, second: update.second, gradient: update.gradient,
                count: update.count,
                factors: jk_adamw_factors(
                    keep1: factors.keep1, keep2: factors.keep2, take1: factors.take1, take2: factors.take2,
                    shrink: factors.shrink, step: factors.step, rootCorrection: factors.rootCorrection,
                    epsilon: factors.epsilon))
        }
        jk_adamw(segments, segments.count, scale)
    }

    public func sumOfSquares(_ vectors: [FloatVector]) -> Double {
        let segments = vectors.map { jk_floats(floats: $0.elements, count: $0.count) }
        return jk_sum_of_squares(segments, segments.count)
    }
}
