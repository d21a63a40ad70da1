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
        /// Processes that this machine had killed for want of memory when the stage started.
        private let killedBefore = ProcessMemory.outOfMemoryKills()

        init(_ child: ChildProcess) { self.child = child }

        var descriptor: Int32? { child.descriptor }

        func ended() throws -> StageEnd? {
            guard let end = try child.wait(seconds: 0) else { return nil }
            let wasKilled = end.signal == Int(SIGKILL)
            return StageEnd(
                exitCode: end.exitCode, signal: end.signal, userSeconds: end.userSeconds,
                systemSeconds: end.systemSeconds, peakBytes: end.peakBytes,
                wasOutOfMemory: wasKilled && ProcessMemory.outOfMemoryKills() > killedBefore)
        }

        func memory() -> Int? { ProcessMemory.ofTree(child.pid) }
        func terminate() { child.signalGroup(SIGTERM) }
        func kill() { child.signalGroup(SIGKILL) }
    }
}
