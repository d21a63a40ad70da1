import CKernels

/// Threads that tensor operations use. Results have the same bits at the same number of threads.
public enum Threads {
    /// Sets the number of threads, for oneDNN, OpenBLAS and our own kernels alike, on every calling thread.
    public static func set(_ count: Int) { jk_set_threads(Int32(clamping: count)) }

    public static var count: Int { Int(jk_threads()) }
}
