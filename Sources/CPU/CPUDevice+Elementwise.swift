import CKernels
public import Devices

extension CPUDevice {
    public func fill(_ result: MutableFloats, with value: Float, count: Int) { jk_fill(result, value, count) }

    public func add(_ a: Floats, _ b: Floats, into result: MutableFloats, count: Int, relu: Bool) {
        jk_add(a, b, result, count, relu ? 1 : 0)
    }

    public func accumulate(_ x: Floats, times factor: Float, onto result: MutableFloats, count: Int) {
        jk_axpy(factor, x, result, count)
    }

    public func scale(_ x: Floats, by factor: Float, into result: MutableFloats, count: Int) {
        jk_scale(factor, x, result, count)
    }

    public func relu(_ x: Floats, into result: MutableFloats, count: Int) { jk_relu(x, result, count) }

    public func reluBackward(_ gradient: Floats, output: Floats, into result: MutableFloats, count: Int) {
        jk_relu_backward(gradient, output, result, count)
    }

    public func sigmoid(_ x: Floats, into result: MutableFloats, count: Int) { jk_sigmoid(x, result, count) }

    public func sigmoidBackward(_ gradient: Floats, output: Floats, into result: MutableFloats, count: Int) {
        jk_sigmoid_backward(gradient, output, result, count)
    }

    public func hardSwish(_ x: Floats, into result: MutableFloats, count: Int) { jk_hard_swish(x, result, count) }

    public func hardSwishBackward(_ gradient: Floats, x: Floats, into result: MutableFloats, count: Int) {
        jk_hard_swish_backward(gradient, x, result, count)
    }

    public func hardSigmoid(_ x: Floats, into result: MutableFloats, count: Int) { jk_hard_sigmoid(x, result, count) }

    public func hardSigmoidBackward(_ gradient: Floats, x: Floats, into result: MutableFloats, count: Int) {
        jk_hard_sigmoid_backward(gradient, x, result, count)
    }
}
