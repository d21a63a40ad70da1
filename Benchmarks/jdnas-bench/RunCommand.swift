import Basics
import CommandKit
import Devices
import Foundation
import Models
import Tensor

/// Measures cases, ours and the peers' turn by turn.
struct RunCommand: Command {
    let name = "run"
    let summary = "measure ours and the peers, turn by turn"
    let operands = "[CASE…]"
    let arity = 0...64
    let options = [
        Option("--peers", value: "PYTHON", "the Python that has the peers (scripts/peers installs one)"),
        Option(
            "--rounds", value: "N",
            "rounds of each case, an even number (default 6; single operators take 5 times as many)"),
        Option("--threads", value: "N", "threads on both sides (default: the processor's)"),
        Option("--ground-truth", value: "FILE", "COCO annotations for the case coco-metrics (default: drawn)"),
        Option("--detections", value: "FILE", "and detections"),
        Option("--out", value: "FILE", "write the figures as JSON"),
    ]
    var details: String {
        "Cases: " + BenchmarkCase.all.map(\.name).joined(separator: " ")
            + "\n\nWithout --peers ours alone is measured."
    }

    func run(_ arguments: Arguments) throws -> Int32 {
        let rounds = try arguments.integer("--rounds", in: 2...1000) ?? 6
        guard rounds % 2 == 0 else {
            throw UsageError("an odd number of rounds favours one side's place in them", remedy: "give an even one")
        }
        let threads =
            try arguments.integer("--threads", in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
        let known = BenchmarkCase.all
        let cases =
            try arguments.operands.isEmpty
            ? known
            : arguments.operands.map { name in
                guard let found = known.first(where: { $0.name == name }) else {
                    throw UsageError(
                        "there is no case '\(name)'",
                        remedy: suggestion(for: name, among: known.map(\.name)).map { "did you mean '\($0)'?" }
                            ?? "'run --help' lists the cases")
                }
                return found
            }
        let folder = FileManager.default.temporaryDirectory.appending(path: "jdnas-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let bench = Bench(
            python: arguments.value("--peers"), threads: threads, rounds: rounds, folder: folder,
            program: CommandLine.arguments[0])
        switch (arguments.value("--ground-truth"), arguments.value("--detections")) {
        case (let truth?, let found?):
            try SharedDetections.copy(groundTruth: URL(filePath: truth), detections: URL(filePath: found), to: folder)
        case (nil, nil): try SharedDetections.write(to: folder)
        default: throw UsageError("annotations and detections go together", remedy: "give both files, or none")
        }

        var measurements: [Measurement] = []
        for benchmark in cases {
            var measurement = try bench.measure(benchmark)
            measurement.fallback = Compute.obstacle(to: benchmark.precision)
            Terminal.print(measurement.text)
            measurements.append(measurement)
            if let file = arguments.value("--out") {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
                try DurableFile.write(try encoder.encode(measurements), to: URL(filePath: file))
            }
        }
        return 0
    }
}

/// A run of the benchmark.
struct Bench {
    let python: String?
    let threads: Int
    let rounds: Int
    let folder: URL
    let program: String

    func measure(_ benchmark: BenchmarkCase) throws -> Measurement {
        if [.training, .detection, .features, .start].contains(benchmark.work) {
            try SharedInputs(benchmark).write(to: folder)
        }
        return benchmark.work == .start ? try measureStart(benchmark) : try measureRuns(benchmark)
    }

    private func measureRuns(_ benchmark: BenchmarkCase) throws -> Measurement {
        var result = Measurement(benchmark: benchmark)
        let ours = try start("ours", benchmark)
        let peers = try peerNames(benchmark).map { try start($0, benchmark) }
        let isWhole = [.training, .detection, .features].contains(benchmark.work)
        for round in 0..<(isWhole ? rounds : rounds * 5) {
            // The order turns, so that the machine's drift falls on all alike.
            let sides = round % 2 == 0 ? [ours] + peers : peers.reversed() + [ours]
            for side in sides {
                // The others' threads go to sleep, and its own data come back into the caches: the turn before, its own or
                // another's, must not decide.
                Thread.sleep(forTimeInterval: 0.02)
                _ = try side.run()
                let reply = try side.run()
                if side === ours {
                    result.ours.add(reply, side.version)
                    if let products = reply.products, products > 0, isWhole {
                        let rate = try ours.run("peak").products ?? 1
                        result.floor.append(Double(products) / Double(rate))
                    }
                } else {
                    result.peers[side.name, default: Measurement.Side()].add(reply, side.version)
                }
            }
        }
        if benchmark.work == .training, python != nil, benchmark.size <= 320, benchmark.precision == .float32 {
            result.differences = try compareGradients(benchmark)
        }
        return result
    }

    /// From the start of a process to the end of its first training step.
    private func measureStart(_ benchmark: BenchmarkCase) throws -> Measurement {
        var result = Measurement(benchmark: benchmark)
        for round in 0..<rounds {
            let names = ["ours"] + peerNames(benchmark)
            for name in round % 2 == 0 ? names : names.reversed() {
                // Programs and libraries are in the page cache, whoever started last.
                _ = try start(name, benchmark)
                let begin = ContinuousClock.now
                let side = try start(name, benchmark)
                var reply = try side.run()
                reply.seconds = (ContinuousClock.now - begin) / .seconds(1)
                if name == "ours" {
                    result.ours.add(reply, side.version)
                } else {
                    result.peers[name, default: Measurement.Side()].add(reply, side.version)
                }
            }
        }
        return result
    }

    /// The largest relative difference of the losses and of the gradients, each by its norm.
    private func compareGradients(_ benchmark: BenchmarkCase) throws -> [String: Double] {
        func gradients(_ name: String) throws -> NamedTensors {
            let file = folder.appending(path: "gradients-\(name).safetensors")
            _ = try start(name, benchmark, gradients: file.path)
            return try SafeTensors.read(file).tensors
        }
        let (ours, theirs) = (try gradients("ours"), try gradients("torch"))
        guard Set(ours.keys) == Set(theirs.keys) else {
            throw Failure("gradients of different parameters: \(Set(ours.keys).symmetricDifference(theirs.keys))")
        }
        var worst = ["losses": 0.0, "gradients": 0.0]
        for (name, theirs) in theirs {
            guard let ours = ours[name] else { continue }
            var (difference, norm) = (0.0, 0.0)
            for (a, b) in zip(ours.array, theirs.array) {
                difference += Double(a - b) * Double(a - b)
                norm += Double(b) * Double(b)
            }
            let kind = name.hasPrefix("loss.") ? "losses" : "gradients"
            let relative = (difference / max(norm, 1e-30)).squareRoot()
            // `max` would pass over what is no number.
            worst[kind] = relative.isFinite ? max(worst[kind] ?? 0, relative) : .infinity
        }
        return worst
    }

    private func peerNames(_ benchmark: BenchmarkCase) -> [String] { python == nil ? [] : benchmark.peers }

    private func start(_ name: String, _ benchmark: BenchmarkCase, gradients: String? = nil) throws -> Peer {
        let command =
            name == "ours"
            ? [program, "worker"] : [python ?? "python3", "Benchmarks/peers/\(name)_peer.py"]
        return try Peer(
            name: name, command: command,
            request: WorkerRequest(
                benchmark: benchmark, folder: folder.path, threads: threads, gradients: gradients))
    }
}

extension Measurement.Side {
    mutating func add(_ reply: WorkerReply, _ version: String) {
        self.version = version
        if let seconds = reply.seconds { self.seconds.append(seconds) }
        peakBytes = max(peakBytes, reply.peakBytes ?? 0)
    }
}
