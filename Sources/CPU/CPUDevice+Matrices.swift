import CKernels
import COpenBLAS
public import Devices
import Synchronization

extension CPUDevice {
    public func multiply(_ a: MatrixOperand, _ b: MatrixOperand, into c: MutableFloats, _ size: MatrixProduct) {
        guard size.m > 0, size.n > 0 else { return }
        guard size.k > 0 else {
            if size.beta == 0 { jk_fill(c, 0, size.m * size.n) }
            return
        }
        switch size.precision {
        case .float32: sgemm(a, b, c, size)
        case .bfloat16: bfloat16Product(a, b, c, size)
        case .bfloat16Emulated: roundedProduct(a, b, c, size)
        }
    }

    public func addBias(_ rows: MutableFloats, _ bias: Floats?, rowCount: Int, columns: Int, relu: Bool) {
        jk_add_bias(rows, bias, rowCount, columns, relu ? 1 : 0)
    }

    public func sumRows(_ rows: Floats, into result: MutableFloats, rowCount: Int, columns: Int) {
        jk_sum_rows(rows, result, rowCount, columns)
    }

    public func scaleRows(
        _ rows: Floats, by factors: Floats, into result: MutableFloats, rowCount: Int, columns: Int
    ) {
        jk_scale_rows(rows, factors, result, rowCount, columns)
    }

    public func gatherRows(_ source: Floats, _ indices: [Int], into result: MutableFloats, width: Int) {
        jk_gather_rows(source, indices, result, indices.count, width)
    }

    public func scatterRows(_ source: Floats, _ indices: [Int], into result: MutableFloats, width: Int) {
        jk_scatter_rows(source, indices, result, indices.count, width)
    }
}

func sgemm(_ a: MatrixOperand, _ b: MatrixOperand, _ c: MutableFloats, _ size: MatrixProduct) {
    jk_enter()
    oneCaller.withLock { _ in
        cblas_sgemm(
            CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
            blasint(size.m), blasint(size.n), blasint(size.k), 1, a.elements,
            blasint(a.isTransposed ? size.m : size.k), b.elements, blasint(b.isTransposed ? size.k : size.n),
            size.beta, c, blasint(size.n))
    }
}

/// OpenBLAS shares its threads' buffers among callers: with several at a time the same product need not have the same
/// bits twice.
private let oneCaller = Mutex(())
