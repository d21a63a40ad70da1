import CKernels
public import Devices

extension CPUDevice {
    public func sgd(
        _ parameter: MutableFloats, velocity: MutableFloats, gradient: Floats, count: Int, rate: Float,
        momentum: Float, decay: Float
    ) {
        jk_sgd(parameter, velocity, gradient, count, rate, momentum, decay)
    }

    public func adamW(
        _ parameter: MutableFloats, first: MutableFloats, second: MutableFloats, gradient: Floats, count: Int,
        _ factors: AdamWFactors
    ) {
        let factors = jk_adamw_factors(
            keep1: factors.keep1, keep2: factors.keep2, take1: factors.take1, take2: factors.take2,
            shrink: factors.shrink, step: factors.step, rootCorrection: factors.rootCorrection,
            epsilon: factors.epsilon)
        jk_adamw(parameter, first, second, gradient, count, factors)
    }

    public func sumOfSquares(_ x: Floats, count: Int) -> Double { jk_sum_of_squares(x, count) }
}
