import CKernels
import COneDNN
import COpenBLAS
public import Devices

/// The processor: our kernels (CKernels), oneDNN's convolutions and OpenBLAS' matrix products, all on libgomp's one team
/// of threads.
public struct CPUDevice: Device {
    public init() {}

    /// Of CKernels; to be raised when a change makes times or bits incomparable with those of before.
    private static let kernelVersion = "2"

    public var name: String { "CPU" }

    public var libraries: [DeviceLibrary] {
        // openblas_get_config: "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH … Zen MAX_THREADS=64".
        let words = openblas_get_config().map { String(cString: $0).split(separator: " ") } ?? []
        return [
            // `ONEDNN_MAX_CPU_ISA` can lower what it dispatches to, `OPENBLAS_CORETYPE` change it.
            DeviceLibrary(
                name: "oneDNN", version: String(cString: jd_version()), target: String(cString: jd_instruction_set())),
            DeviceLibrary(
                name: "OpenBLAS", version: words.count > 1 ? String(words[1]) : "unknown",
                target: openblas_get_corename().map { String(cString: $0) } ?? "unknown"),
            DeviceLibrary(
                name: "kernels", version: Self.kernelVersion, target: String(cString: jk_instruction_set())),
        ]
    }

    public var lanes: Int { Int(jk_lanes()) }

    public var threads: Int {
        get { Int(jk_threads()) }
        nonmutating set { jk_set_threads(Int32(clamping: newValue)) }
    }

    public func obstacle(to precision: Precision) -> String? {
        precision == .bfloat16 && jd_has_bf16() == 0
            ? "the processor has no bf16 arithmetic that oneDNN uses (AVX-512 BF16 or AMX)" : nil
    }

    public func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? { jk_allocate(bytes) }
    public func free(_ memory: UnsafeMutableRawPointer) { jk_free(memory) }
    /// Every primitive returns when it is done.
    public func synchronize() {}
}
