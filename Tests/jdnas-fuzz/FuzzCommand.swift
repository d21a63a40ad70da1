import Basics
import CommandKit
import Foundation
import Glibc

/// Feeds mutated inputs to the readers until the time is over. An input that kills the process (a memory error, a trap, ten
/// seconds of work) is left in the folder; so is one after which a promise was not kept.
struct FuzzCommand: Command {
    let name = "run"
    let summary = "mutate a corpus for some minutes"
    let operands = "[FOLDER…]"
    let arity = 0...1000
    let options = [
        Option("--minutes", value: "N", "how long (default: 10)"),
        Option("--seed", value: "N", "what all inputs follow from (default: another one each time)"),
        Option("--work", value: "DIR", "where the last inputs are kept (default: .build/fuzz-inputs)"),
    ]
    let details = "YAML files in the folders are seeds for the manifest reader; archives are made on the spot."

    func run(_ arguments: Arguments) throws -> Int32 {
        let minutes = try arguments.number("--minutes", in: 0.001...10_000) ?? 10
        let seed = UInt64(try arguments.integer("--seed", in: 0...Int.max) ?? Int.random(in: 0...999_999_999))
        let work = URL(filePath: arguments.value("--work") ?? ".build/fuzz-inputs")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        let targets = targets(work: work)
        let seeds = try targets.map { try $0.seeds(from: arguments.operands.map { URL(filePath: $0) }) }
        Terminal.print("seed \(seed), \(seeds.map(\.count)) seeds, inputs in \(work.path)")

        var corpora = seeds.map(Corpus.init(seeds:))
        var counts = targets.map { _ in 0 }
        let random = RandomStream(seed: seed)
        let end = ContinuousClock.now + .seconds(minutes * 60)
        var report = ContinuousClock.now + .seconds(30)
        for number in 0... {
            let index = number % targets.count
            var stream = random.stream("input", number)
            let input = corpora[index].next(&stream)
            let fed = targets[index].packed(input, &stream)
            try Self.feed(fed, to: targets[index], in: work) { corpora[index].note(input, outcome: $0) }
            counts[index] += 1
            let now = ContinuousClock.now
            if now > report || now > end {
                let texts = zip(zip(targets, counts), corpora).map { pair, corpus in
                    "\(pair.0.name) \(pair.1) inputs, \(corpus.outcomes) outcomes"
                }
                Terminal.print(texts.joined(separator: "; "))
                report = now + .seconds(30)
            }
            if now > end { break }
        }
        Terminal.print("done: seed \(seed), \(counts.reduce(0, +)) inputs, no finding")
        return 0
    }

    /// Keeps the input on the disk while the target has it.
    static func feed(
        _ input: Data, to target: any FuzzTarget, in work: URL, _ note: (String) -> Void = { _ in }
    ) throws {
        let file = work.appending(path: "last-\(target.name)")
        try input.write(to: file)
        // Seconds of a processor, so that a busy machine is no finding; SIGVTALRM ends the process.
        var limit = itimerval()
        limit.it_value.tv_sec = 10
        setitimer(__itimer_which_t(ITIMER_VIRTUAL.rawValue), &limit, nil)
        let outcome = try target.read(file, input)
        limit.it_value.tv_sec = 0
        setitimer(__itimer_which_t(ITIMER_VIRTUAL.rawValue), &limit, nil)
        note(outcome)
    }
}

/// Feeds one file again.
struct ReplayCommand: Command {
    let name = "replay"
    let summary = "feed files again that an earlier run left: last-manifest, last-tar, last-packed-tar.zst, …"
    let operands = "FILE…"
    let arity = 1...1000

    func run(_ arguments: Arguments) throws -> Int32 {
        let work = FileManager.default.temporaryDirectory.appending(path: "jdnas-replay-\(getpid())")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: work) }
        let targets = targets(work: work)
        for path in arguments.operands {
            let file = URL(filePath: path)
            guard let target = targets.last(where: { file.lastPathComponent.hasSuffix($0.name) }) else {
                throw UsageError(
                    "'\(path)' names no target", remedy: "let its name end in manifest, tar, tar.zst or zip")
            }
            try FuzzCommand.feed(try Data(contentsOf: file), to: target, in: work) { outcome in
                Terminal.print("\(path): \(outcome)")
            }
        }
        return 0
    }
}
