import CKernels
import COpenBLAS
import Synchronization

extension Tape {
    /// x · weightᵀ + bias: `x` [N, in], `weight` [out, in], `bias` [out]; the result is [N, out].
    public func linear(_ x: Variable, weight: Variable, bias: Variable? = nil, relu: Bool = false) -> Variable {
        let rows = x.shape[0]
        let inputs = x.shape[1]
        let outputs = weight.shape[0]
        precondition(weight.shape == [outputs, inputs], "a linear layer's \(weight.shape) does not fit \(x.shape)")
        precondition(bias.map { $0.shape == [outputs] } ?? true, "a linear layer's bias has its \(outputs) outputs")
        let result = Tensor(unwritten: [rows, outputs])
        gemm(
            x.value.pointer, weight.value.pointer, result.freshPointer, m: rows, n: outputs, k: inputs,
            transposeB: true)
        Work.count(rows * inputs * outputs)
        jk_add_bias(result.freshPointer, bias?.value.pointer, rows, outputs, relu ? 1 : 0)
        // Only what a gradient will read is kept alive.
        let keptInput = weight.isTracked ? x.value : nil
        let keptWeight = x.isTracked ? weight.value : nil
        let mask = relu ? result : nil
        let wantsBias = bias?.isTracked ?? false
        return record(result, from: [x, weight] + (bias.map { [$0] } ?? [])) { gradient in
            if let mask { gradient.keep(where: mask) }
            Work.count(rows * inputs * outputs * ((keptWeight == nil ? 0 : 1) + (keptInput == nil ? 0 : 1)))
            let forInput = keptWeight.map { weight in
                let part = Tensor(unwritten: [rows, inputs])
                gemm(gradient.pointer, weight.pointer, part.freshPointer, m: rows, n: inputs, k: outputs)
                return part
            }
            let forWeight = keptInput.map { input in
                let part = Tensor(unwritten: [outputs, inputs])
                gemm(
                    gradient.pointer, input.pointer, part.freshPointer, m: outputs, n: inputs, k: rows,
                    transposeA: true)
                return part
            }
            return [forInput, forWeight, wantsBias ? gradient.columnSums() : nil]
        }
    }
}

extension Tensor {
    /// The sums over the rows of a matrix, in Double.
    func columnSums() -> Tensor {
        let result = Tensor(unwritten: [shape[1]])
        jk_sum_rows(pointer, result.freshPointer, shape[0], shape[1])
        return result
    }
}

/// c [m, n] = a [m, k] · b [k, n] + beta · c, row-major; transposed operands are given as [k, m] and [n, k].
func gemm(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, m: Int, n: Int, k: Int,
    transposeA: Bool = false, transposeB: Bool = false, beta: Float = 0
) {
    guard m > 0, n > 0 else { return }
    guard k > 0 else {
        if beta == 0 { jk_fill(c, 0, m * n) }
        return
    }
    jk_enter()
    oneCaller.withLock { _ in
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            blasint(m), blasint(n), blasint(k), 1, a, blasint(transposeA ? m : k), b, blasint(transposeB ? k : n), beta,
            c, blasint(n))
    }
}

/// OpenBLAS shares its threads' buffers among callers: with several at a time the same product need not have the same
/// bits twice.
private let oneCaller = Mutex(())
