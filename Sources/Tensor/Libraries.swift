import COneDNN
import COpenBLAS

/// The libraries that compute for us, as they run in this process: versions, and what they dispatch to.
public enum Libraries {
    /// oneDNN's version, such as 2.6.3.
    public static var oneDNN: String { String(cString: jd_version()) }

    /// OpenBLAS's version, such as 0.3.21.
    public static var openBLAS: String {
        // openblas_get_config: "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH … Zen MAX_THREADS=64".
        let words = openblas_get_config().map { String(cString: $0).split(separator: " ") } ?? []
        return words.count > 1 ? String(words[1]) : "unknown"
    }

    /// The instruction set of oneDNN's convolutions, such as avx2; `ONEDNN_MAX_CPU_ISA` can lower it.
    public static var convolutionISA: String { String(cString: jd_instruction_set()) }

    /// The processor that OpenBLAS's kernels are for, such as Haswell; `OPENBLAS_CORETYPE` can change it.
    public static var matrixCore: String { openblas_get_corename().map { String(cString: $0) } ?? "unknown" }
}
