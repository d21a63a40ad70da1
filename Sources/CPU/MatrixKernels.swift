import CKernels
import COpenBLAS
import Glibc

/// Which of OpenBLAS' kernels multiply matrices.
///
/// OpenBLAS finds them by the processor's family and model. One that is younger than the library it does not know, and
/// falls back to kernels without AVX, a quarter as fast: Debian 12's 0.3.21 takes "Prescott" on a Xeon of family 6, model
/// 207.
public enum MatrixKernels {
    /// Of OpenBLAS' names (driver/others/dynamic.c), those with AVX2 or more.
    private static let modern: Set = ["haswell", "zen", "excavator", "skylakex", "cooperlake", "sapphirerapids"]

    /// What `OPENBLAS_CORETYPE` should say (https://github.com/OpenMathLib/OpenBLAS, "Runtime configuration"); nil where
    /// OpenBLAS' own choice is as good.
    ///
    /// - Parameters:
    ///   - chosen: its own choice.
    ///   - instructionSet: what the processor has, as `CPUDevice` says it.
    public static func better(than chosen: String, instructionSet: String) -> String? {
        if modern.contains(chosen.lowercased()) { return nil }
        return switch instructionSet {
        case "x86-64-v4": "SkylakeX"
        case "x86-64-v3": "Haswell"
        default: nil
        }
    }

    /// Starts this program once more, as the same process and with the same arguments, if OpenBLAS has chosen kernels far
    /// below what the processor has: it chooses as it is loaded, and listens to nothing but its environment. To be called
    /// before anything else; a choice that `OPENBLAS_CORETYPE` makes already stays.
    public static func restartIfOutdated() {
        // Else the process has the link's name, 'exe', in `top` and in the kernel's log (proc_pid_comm(5)).
        if let name = CommandLine.arguments.first?.split(separator: "/").last, let file = fopen("/proc/self/comm", "w")
        {
            fputs(String(name), file)
            fclose(file)
        }
        guard getenv("OPENBLAS_CORETYPE") == nil, let chosen = openblas_get_corename().map({ String(cString: $0) }),
            let name = better(than: chosen, instructionSet: String(cString: jk_instruction_set()))
        else { return }
        setenv("OPENBLAS_CORETYPE", name, 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        // Without /proc it goes on: slower, and the device's identity says with what.
        unsetenv("OPENBLAS_CORETYPE")
    }
}
