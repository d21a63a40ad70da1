import CKernels
import COneDNN
import Synchronization

/// Convolution by oneDNN, with its operations cached by shape and the weights' reordering cached with the weights.
/// Where oneDNN has none for a shape, `GEMMConvolution` serves.
struct OneDNNConvolution: ConvolutionBackend {
    func forward(
        _ shape: ConvolutionShape, _ input: Tensor, _ weight: Tensor, _ after: AfterConvolution, _ result: Tensor
    ) {
        if let residual = after.residual {
            if run(shape, input, weight, after, result) { return }
            // Not with the residual; it is added in a pass of its own.
            forward(shape, input, weight, AfterConvolution(bias: after.bias), result)
            jk_add(result.pointer, residual.pointer, result.freshPointer, result.count, after.relu ? 1 : 0)
        } else if !run(shape, input, weight, after, result) {
            GEMMConvolution().forward(shape, input, weight, after, result)
        }
    }

    private func run(
        _ shape: ConvolutionShape, _ input: Tensor, _ weight: Tensor, _ after: AfterConvolution, _ result: Tensor
    ) -> Bool {
        guard let operation = Operation.cached(shape, jd_forward, after), let packed = operation.packed(weight) else {
            return false
        }
        return operation.run {
            jd_run_forward(
                $0, input.pointer, packed.floats, after.bias?.pointer, after.residual?.pointer, result.freshPointer, $1)
        }
    }

    func backwardInput(_ shape: ConvolutionShape, _ gradient: Tensor, _ weight: Tensor) -> Tensor {
        let result = Tensor(unwritten: shape.inputShape, block: shape.inputBlock)
        if let operation = Operation.cached(shape, jd_backward_data),
            let packed = operation.packed(weight),
            operation.run({ jd_run_backward_data($0, gradient.pointer, packed.floats, result.freshPointer, $1) })
        {
            return result
        }
        return GEMMConvolution().backwardInput(shape, gradient, weight)
    }

    func backwardWeight(
        _ shape: ConvolutionShape, _ input: Tensor, _ gradient: Tensor, bias: Bool
    ) -> (weight: Tensor, bias: Tensor?) {
        let forWeight = Tensor(unwritten: shape.weightShape)
        let forBias = bias ? Tensor(unwritten: [shape.outputs]) : nil
        if let operation = Operation.cached(shape, jd_backward_weights, AfterConvolution(bias: forBias)),
            operation.run({
                jd_run_backward_weights(
                    $0, input.pointer, gradient.pointer, forWeight.freshPointer, forBias?.freshPointer, $1)
            })
        {
            return (forWeight, forBias)
        }
        return GEMMConvolution().backwardWeight(shape, input, gradient, bias: bias)
    }
}

/// One pass of one convolution: generated code that any thread may run.
private final class Operation: @unchecked Sendable {
    private struct Key: Hashable {
        var shape: ConvolutionShape
        var pass: UInt32
        var bias, residual, relu: Bool
        /// oneDNN divides the work when it generates the code.
        var threads: Int
    }

    private let handle: OpaquePointer

    private init?(_ key: Key) {
        let s = key.shape
        let shape = jd_shape(
            images: Int32(s.images), channels: Int32(s.channels), height: Int32(s.height), width: Int32(s.width),
            outputs: Int32(s.outputs), kernelHeight: Int32(s.kernelHeight), kernelWidth: Int32(s.kernelWidth),
            stride: Int32(s.stride), padding: Int32(s.padding), groups: Int32(s.groups),
            inputBlock: Int32(s.inputBlock), outputBlock: Int32(s.outputBlock), bias: key.bias ? 1 : 0,
            residual: key.residual ? 1 : 0, relu: key.relu ? 1 : 0)
        var message = [CChar](repeating: 0, count: 256)
        jk_enter()
        guard let handle = jd_create(shape, jd_pass(key.pass), &message, message.count) else { return nil }
        self.handle = handle
    }

    deinit { jd_destroy(handle) }

    /// Nil where oneDNN has none. Generating code takes milliseconds; the ones not used for longest are given up.
    static func cached(
        _ shape: ConvolutionShape, _ pass: jd_pass, _ after: AfterConvolution = AfterConvolution()
    ) -> Operation? {
        let key = Key(
            shape: shape, pass: pass.rawValue, bias: after.bias != nil, residual: after.residual != nil,
            relu: after.relu, threads: Threads.count)
        if let known = cache.withLock({ $0[key] }) { return known }
        let made = Operation(key)
        cache.withLock { $0[key] = .some(made) }
        return made
    }

    private static let cache = Mutex(RecentlyUsed<Key, Operation?>(capacity: 2048))

    /// The weights as this operation reads them.
    func packed(_ weight: Tensor) -> Storage? {
        let count = jd_packed_weights(handle)
        guard count > 0 else { return weight.storage }
        return weight.storage.derived(.packed(layout: jd_packed_key(handle))) {
            jk_enter()
            let packed = Storage(count: count)
            return jd_pack(handle, weight.pointer, packed.floats) == nil ? packed : nil
        }
    }

    /// False where oneDNN failed.
    func run(_ body: (OpaquePointer, UnsafeMutablePointer<Float>) -> UnsafePointer<CChar>?) -> Bool {
        jk_enter()
        let workspace = Storage(count: jd_workspace(handle))
        return withExtendedLifetime(workspace) { body(handle, workspace.floats) == nil }
    }
}
