import Basics
import CLinux
public import Foundation
import Glibc
public import Spool

/// Runs stages as child processes: `jdnas-stage run REQUEST`, in the attempt's folder, with its output in `log.txt`.
///
/// A stage dies with the runner's thread (PR_SET_PDEATHSIG), so whoever calls `start` must not end before the stage.
public struct LocalExecutor: StageExecutor {
    private let program: URL
    private let addressSpace: UInt64

    /// - Parameter addressSpace: a limit on a stage's address space in bytes; 0 for none.
    public init(program: URL, addressSpace: UInt64 = 0) {
        self.program = program
        self.addressSpace = addressSpace
    }

    public func start(_ attempt: AttemptFolder, threads: Int) throws -> any StageExecution {
        var environment = ProcessInfo.processInfo.environment
        // One pool of a fixed size: results depend on it (DESIGN, promise 2).
        environment["OMP_NUM_THREADS"] = String(threads)
        environment["OPENBLAS_NUM_THREADS"] = String(threads)
        environment["OMP_DYNAMIC"] = "false"
        // A waiting thread spins for some microseconds, which bridges the gap between two loops, and then sleeps: left
        // to itself libgomp spins for milliseconds, and a machine with other users loses most of its time to that.
        if environment["OMP_WAIT_POLICY"] == nil, environment["GOMP_SPINCOUNT"] == nil {
            environment["GOMP_SPINCOUNT"] = "20000"
        }
        return Execution(
            try ChildProcess(
                program, ["run", attempt.request.path], environment: environment, directory: attempt.url,
                output: attempt.log, error: attempt.log, addressSpace: addressSpace))
    }

    private final class Execution: StageExecution {
        private let child: ChildProcess

        init(_ child: ChildProcess) { self.child = child }

        func wait(seconds: Double, wakeUp: Int32?) throws -> StageEnd? {
            guard let end = try child.wait(seconds: seconds, wakeUp: wakeUp) else { return nil }
            return StageEnd(
                exitCode: end.code >= 0 ? Int(end.code) : nil, signal: end.signal > 0 ? Int(end.signal) : nil,
                userSeconds: end.user_seconds, systemSeconds: end.system_seconds, peakBytes: Int(end.peak_bytes))
        }

        func terminate() { child.signalGroup(SIGTERM) }
        func kill() { child.signalGroup(SIGKILL) }
    }
}
