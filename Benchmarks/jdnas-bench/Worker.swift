import Basics
import CommandKit
import Devices
import Foundation
import Tensor

/// Our side of the pipe: reads a request, then runs once for each further line, and answers each with a line.
struct WorkerCommand: Command {
    let name = "worker"
    let summary = "our side of a benchmark: reads requests from standard input, answers on standard output"

    func run(_ arguments: Arguments) throws -> Int32 {
        guard let line = readLine() else { return 0 }
        let request = try JSONDecoder().decode(WorkerRequest.self, from: Data(line.utf8))
        Compute.prepare(threads: request.threads, precision: request.benchmark.precision) { _ in }
        let folder = URL(filePath: request.folder)
        if let file = request.gradients {
            try Workload.gradients(request.benchmark, folder, to: URL(filePath: file))
            try answer(WorkerReply())
            return 0
        }
        let workload = try Workload(request.benchmark, folder)
        try answer(WorkerReply(version: "jdnas \(Program.version)"))
        while let line = readLine() {
            if line == "peak" {
                try answer(WorkerReply(seconds: 1, products: Int(Peak.measure())))
                continue
            }
            let before = Work.multiplyAccumulates
            let start = ContinuousClock.now
            try workload.run()
            let elapsed = ContinuousClock.now - start
            try answer(
                WorkerReply(
                    seconds: elapsed / .seconds(1), peakBytes: peakBytes(),
                    products: Work.multiplyAccumulates - before))
        }
        return 0
    }

    private func answer(_ reply: WorkerReply) throws {
        FileHandle.standardOutput.write(try JSONEncoder().encode(reply) + Data("\n".utf8))
    }

    /// VmHWM of /proc/self/status (proc(5)), in bytes.
    private func peakBytes() -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }.flatMap { Int($0) }
            .map { $0 * 1024 }
    }
}
