import CKernels
import COneDNN
import Devices
import Synchronization

// Convolutions by oneDNN; each is nil where oneDNN has none for the shape.

struct OneDNNForward: ForwardConvolution {
    private let operation: OneDNNOperation
    private let shape: ConvolutionShape
    private let after: AfterConvolution

    init?(_ shape: ConvolutionShape, _ after: AfterConvolution, _ precision: Precision) {
        guard let operation = OneDNNOperation.cached(shape, jd_forward, after, precision) else { return nil }
        (self.operation, self.shape, self.after) = (operation, shape, after)
    }

    var workspace: Int { operation.workspace }
    var packedWeights: Int? { operation.packedWeights }
    var packedLayout: UInt64 { operation.packedLayout }
    func pack(_ weights: Floats, into packed: MutableFloats) { operation.pack(weights, into: packed) }

    func run(
        _ input: Floats, weights: Floats, bias: Floats?, residual: Floats?, into output: MutableFloats,
        workspace: MutableFloats
    ) {
        operation.run { jd_run_forward($0, input, weights, bias, residual, output, workspace) }
    }
}

struct OneDNNBackwardInput: BackwardInputConvolution {
    private let operation: OneDNNOperation

    init?(_ shape: ConvolutionShape, _ precision: Precision) {
        guard let operation = OneDNNOperation.cached(shape, jd_backward_data, AfterConvolution(), precision) else {
            return nil
        }
        self.operation = operation
    }

    var workspace: Int { operation.workspace }
    var packedWeights: Int? { operation.packedWeights }
    var packedLayout: UInt64 { operation.packedLayout }
    func pack(_ weights: Floats, into packed: MutableFloats) { operation.pack(weights, into: packed) }

    func run(_ gradient: Floats, weights: Floats, into input: MutableFloats, workspace: MutableFloats) {
        operation.run { jd_run_backward_data($0, gradient, weights, input, workspace) }
    }
}

struct OneDNNBackwardWeight: BackwardWeightConvolution {
    private let operation: OneDNNOperation

    init?(_ shape: ConvolutionShape, bias: Bool, _ precision: Precision) {
        let after = AfterConvolution(bias: bias)
        guard let operation = OneDNNOperation.cached(shape, jd_backward_weights, after, precision) else { return nil }
        self.operation = operation
    }

    var workspace: Int { operation.workspace }

    func run(
        _ input: Floats, gradient: Floats, into weights: MutableFloats, bias: MutableFloats?, workspace: MutableFloats
    ) {
        operation.run { jd_run_backward_weights($0, input, gradient, weights, bias, workspace) }
    }
}

/// One pass of one convolution: generated code that any thread may run.
private final class OneDNNOperation: @unchecked Sendable {
    private struct Key: Hashable {
        var shape: ConvolutionShape
        var pass: UInt32
        var after: AfterConvolution
        var precision: Precision
        /// oneDNN divides the work when it generates the code.
        var threads: Int
    }

    private let handle: OpaquePointer
    let workspace: Int

    private init?(_ key: Key) {
        let s = key.shape
        let shape = jd_shape(
            images: Int32(s.images), channels: Int32(s.channels), height: Int32(s.height), width: Int32(s.width),
            outputs: Int32(s.outputs), kernelHeight: Int32(s.kernelHeight), kernelWidth: Int32(s.kernelWidth),
            stride: Int32(s.stride), padding: Int32(s.padding), groups: Int32(s.groups),
            inputBlock: Int32(s.inputBlock), outputBlock: Int32(s.outputBlock), bias: key.after.bias ? 1 : 0,
            residual: key.after.residual ? 1 : 0, relu: key.after.relu ? 1 : 0,
            bf16: key.precision == .bfloat16 ? 1 : 0)
        var message = [CChar](repeating: 0, count: 256)
        jk_enter()
        guard let handle = jd_create(shape, jd_pass(key.pass), &message, message.count) else { return nil }
        self.handle = handle
        workspace = jd_workspace(handle)
    }

    deinit { jd_destroy(handle) }

    /// Nil where oneDNN has none. Generating code takes milliseconds; the ones not used for longest are given up.
    static func cached(
        _ shape: ConvolutionShape, _ pass: jd_pass, _ after: AfterConvolution, _ precision: Precision
    ) -> OneDNNOperation? {
        let key = Key(
            shape: shape, pass: pass.rawValue, after: after, precision: precision, threads: Int(jk_threads()))
        if let known = cache.withLock({ $0[key] }) { return known }
        let made = OneDNNOperation(key)
        cache.withLock { $0[key] = .some(made) }
        return made
    }

    private static let cache = Mutex(RecentlyUsed<Key, OneDNNOperation?>(capacity: 2048))

    var packedWeights: Int? {
        let count = jd_packed_weights(handle)
        return count > 0 ? count : nil
    }

    var packedLayout: UInt64 { jd_packed_key(handle) }

    func pack(_ weights: Floats, into packed: MutableFloats) { run { jd_pack($0, weights, packed) } }

    /// What was made for a shape and has its memory can only fail where the machine does.
    func run(_ body: (OpaquePointer) -> UnsafePointer<CChar>?) {
        jk_enter()
        if let message = body(handle) { fatalError("oneDNN failed: \(String(cString: message))") }
    }
}
