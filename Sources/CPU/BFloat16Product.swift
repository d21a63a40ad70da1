import CKernels
import COneDNN
import Devices
import Synchronization

/// A matrix product with operands rounded to bfloat16, by float32 instructions.
func roundedProduct(_ a: MatrixOperand, _ b: MatrixOperand, _ c: MutableFloats, _ size: MatrixProduct) {
    withRounded(a.elements, count: size.m * size.k) { roundedA in
        withRounded(b.elements, count: size.k * size.n) { roundedB in
            sgemm(
                MatrixOperand(roundedA, transposed: a.isTransposed),
                MatrixOperand(roundedB, transposed: b.isTransposed), c, size)
        }
    }
}

/// The same by the processor's bfloat16 instructions, through oneDNN; where that has none for the sizes, the same numbers
/// by float32's.
func bfloat16Product(_ a: MatrixOperand, _ b: MatrixOperand, _ c: MutableFloats, _ size: MatrixProduct) {
    let shape = jd_product_shape(
        m: Int64(size.m), n: Int64(size.n), k: Int64(size.k), transposeA: a.isTransposed ? 1 : 0,
        transposeB: b.isTransposed ? 1 : 0, beta: size.beta)
    let key = Product.Key(
        size: size, transposes: [a.isTransposed, b.isTransposed], threads: Int(jk_threads()))
    guard let product = Product.cached(key, shape) else { return roundedProduct(a, b, c, size) }
    jk_enter()
    withScratch(jd_product_workspace(product.handle)) { workspace in
        if let message = jd_run_product(product.handle, a.elements, b.elements, c, workspace) {
            fatalError("oneDNN failed: \(String(cString: message))")
        }
    }
}

private final class Product: @unchecked Sendable {
    struct Key: Hashable {
        var size: MatrixProduct
        var transposes: [Bool]
        var threads: Int
    }

    let handle: OpaquePointer

    private init?(_ shape: jd_product_shape) {
        var message = [CChar](repeating: 0, count: 256)
        jk_enter()
        guard let handle = jd_create_product(shape, &message, message.count) else { return nil }
        self.handle = handle
    }

    deinit { jd_destroy_product(handle) }

    static func cached(_ key: Key, _ shape: jd_product_shape) -> Product? {
        if let known = cache.withLock({ $0[key] }) { return known }
        let made = Product(shape)
        cache.withLock { $0[key] = .some(made) }
        return made
    }

    private static let cache = Mutex(RecentlyUsed<Key, Product?>(capacity: 256))
}
