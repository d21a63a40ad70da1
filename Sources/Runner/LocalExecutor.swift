import Basics
public import Foundation
import Glibc
import Processes
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
        return Execution(
            try ChildProcess(
                program, ["run", attempt.request.path], environment: ChildProcess.environment(threads: threads),
                directory: attempt.url,
                output: attempt.log, error: attempt.log, addressSpace: addressSpace))
    }

    private final class Execution: StageExecution {
        private let child: ChildProcess

        init(_ child: ChildProcess) { self.child = child }

        func wait(seconds: Double, wakeUp: Int32?) throws -> StageEnd? {
            guard let end = try child.wait(seconds: seconds, wakeUp: wakeUp) else { return nil }
            return StageEnd(
                exitCode: end.exitCode, signal: end.signal, userSeconds: end.userSeconds,
                systemSeconds: end.systemSeconds, peakBytes: end.peakBytes)
        }

        func terminate() { child.signalGroup(SIGTERM) }
        func kill() { child.signalGroup(SIGKILL) }
    }
}
