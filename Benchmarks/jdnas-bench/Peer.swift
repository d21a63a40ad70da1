import Basics
import Foundation

/// A worker process that waits for a line and answers with one: ours, or a peer's.
final class Peer {
    let name: String
    private let process = Process()
    private let requests = Pipe()
    private let replies = Pipe()
    private var unread = Data()
    private(set) var version = ""

    /// Starts the process and waits until it is ready.
    init(name: String, command: [String], request: WorkerRequest) throws {
        self.name = name
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        var environment = ProcessInfo.processInfo.environment
        environment["OMP_NUM_THREADS"] = String(request.threads)
        // What this process has chosen (`MatrixKernels`) is not for peers; ours chooses again, as it does for its users.
        environment["OPENBLAS_CORETYPE"] = nil
        // Ours as the runner starts a stage; peers as their users start them.
        if name == "ours" {
            environment["OMP_DYNAMIC"] = "false"
            environment["GOMP_SPINCOUNT"] = "20000"
        }
        process.environment = environment
        process.standardInput = requests
        process.standardOutput = replies
        try process.run()
        try send(String(decoding: try JSONEncoder().encode(request), as: UTF8.self))
        let ready = try answer()
        version = ready.version ?? ""
    }

    deinit {
        try? requests.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// One run.
    func run(_ line: String = "run") throws -> WorkerReply {
        try send(line)
        return try answer()
    }

    private func send(_ line: String) throws {
        try requests.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    }

    private func answer() throws -> WorkerReply {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = unread[unread.startIndex..<end]
                unread = Data(unread[(end + 1)...])
                // Libraries may talk; an answer is an object.
                if let reply = try? JSONDecoder().decode(WorkerReply.self, from: line) { return reply }
                continue
            }
            let more = replies.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw Failure(
                    "the worker '\(name)' ended without an answer",
                    remedy: "its own message stands above; run 'scripts/peers' to install the peers anew")
            }
            unread += more
        }
    }
}
