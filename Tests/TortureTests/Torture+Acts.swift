import Basics
import Foundation
import Glibc
import Spool

extension Torture {
    /// One thing after the other, at random.
    func go(on seconds: Double) {
        let end = Date(timeIntervalSinceNow: seconds)
        startRunner()
        while Date() < end {
            act()
            look()
            usleep(UInt32(random.uniform(0, 150_000)))
        }
    }

    private func act() {
        switch random.index(below: 100) {
        case 0..<19: submit()
        case 19..<23: moveClock()
        case 23..<30: drop()
        case 30..<40: wish()
        case 40..<48: retry()
        case 48..<51: pause()
        case 51..<55: collectGarbage()
        case 55..<63: killRunner()
        case 63..<70: killStartingRunner()
        case 70..<80: killStage()
        case 80..<83: startSecondRunner()
        case 83..<85: stopRunner(SIGTERM)
        case 85..<87: if hasRunner, jdnas("drain").code == 0 { counts.add("drains") }
        case 87..<92: examine()
        case 92..<94: repair()
        case 94..<97: fillDisk()
        case 97..<99: makeReadOnly()
        default: startRunner()
        }
        if !hasRunner, random.index(below: 3) > 0 { startRunner() }
    }

    // MARK: Jobs

    private var names: [String] { ((try? spool.jobs()) ?? []).suffix(20).map(\.name).filter { $0.hasPrefix("j") } }

    private func submit() {
        guard let (name, manifest) = try? jobs.next(&random, others: names) else { return }
        let file = folder.appending(path: "\(name).yaml")
        try? manifest.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        if random.index(below: 8) == 0 {
            guard let command = try? start("submit", file.path) else { return }
            usleep(UInt32(random.uniform(0, 60_000)))
            command.kill(SIGKILL)
            possible.insert(name)
            if command.wait().isKilled { counts.add("submissions killed") }
            return
        }
        if jdnas("submit", file.path).code == 0 {
            accepted.insert(name)
            counts.add("jobs submitted")
        } else {
            possible.insert(name)
        }
    }

    private func drop() {
        let inbox = spool.folder(.inbox)
        if random.index(below: 5) == 0 {
            try? Data("no manifest\n".utf8).write(to: inbox.appending(path: "bad.yaml"))
            counts.add("bad manifests dropped")
            return
        }
        guard let (name, manifest) = try? jobs.next(&random, others: names) else { return }
        let target = inbox.appending(path: "\(name).yaml")
        do {
            if random.index(below: 2) == 0 {
                let draft = disk.url.appending(path: "\(name).draft")
                try manifest.write(to: draft)
                guard rename(draft.path, target.path) == 0 else { return }
            } else {
                // As cp would: in pieces.
                _ = FileManager.default.createFile(atPath: target.path, contents: nil)
                let handle = try FileHandle(forWritingTo: target)
                defer { try? handle.close() }
                try handle.write(contentsOf: manifest.prefix(manifest.count / 2))
                usleep(UInt32(random.uniform(0, 30_000)))
                try handle.write(contentsOf: manifest.dropFirst(manifest.count / 2))
            }
            accepted.insert(name)
            counts.add("jobs dropped")
        } catch {
            possible.insert(name)
        }
    }

    private func anyJob(_ isFit: (JobStatus) -> Bool) -> String? {
        ((try? spool.jobs()) ?? []).filter { JobID($0.id) != nil && isFit($0) }.randomElement(using: &random)?.id
    }

    private func wish() {
        guard let job = anyJob({ !$0.state.isFinal }) else { return }
        let words =
            [["hold"], ["release"], ["release"], ["cancel"], ["priority", "\(random.index(below: 9))"]]
            .randomElement(using: &random) ?? ["hold"]
        let end = words.count == 2 ? jdnas(words[0], words[1], job) : jdnas(words[0], job)
        if end.code == 0 { counts.add("\(words[0])s") }
    }

    private func retry() {
        guard let job = anyJob({ $0.state == .failed }), let id = JobID(job) else { return }
        let from = random.index(below: 2) == 0 ? spool.stageNames(id).randomElement(using: &random) : nil
        if from != nil { anew.insert(id) }
        let end = from.map { jdnas("retry", job, "--from", $0) } ?? jdnas("retry", job)
        if end.code == 0 { counts.add(from == nil ? "retries" : "retries from a stage") }
    }

    private func pause() {
        if random.index(below: 2) == 0 { jdnas("pause", "--now") } else { jdnas("pause") }
        counts.add("pauses")
        usleep(UInt32(random.uniform(0, 1_500_000)))
        jdnas("resume")
    }

    // MARK: Care

    private func collectGarbage() {
        // What goes is not there to be looked at in the end.
        checkDone()
        var words = [
            "gc", "--yes", "--json", "--keep-jobs", "\(random.index(below: 4) == 0 ? 3 : 20 + random.index(below: 40))",
        ]
        if random.index(below: 2) == 0 { words.append("--bundles") }
        let before = ids()
        guard let command = try? start(words) else { return }
        counts.add("gcs")
        if random.index(below: 3) == 0 {
            usleep(UInt32(random.uniform(0, 150_000)))
            command.kill(SIGKILL)
            let end = command.wait()
            if end.isKilled {
                counts.add("gcs killed")
                // It has not told what it removed.
                removed.formUnion(before.subtracting(ids()))
                return
            }
            noteRemoved(end.output)
        } else {
            noteRemoved(command.wait().output)
        }
    }

    private func noteRemoved(_ output: String) {
        guard let list = (try? JSON(parsing: output))?["list"]?.array else { return }
        for entry in list where ["job", "remains"].contains(entry["what"]?.string) {
            if let id = entry["path"]?.string.flatMap({ JobID(String($0.dropFirst("work/".count))) }) {
                removed.insert(id)
                counts.add("jobs removed")
            }
        }
    }

    /// Beside a runner that works there are no false alarms.
    private func examine() {
        guard hasRunner, Date().timeIntervalSince(runnerStart) > 2 else { return }
        let pid = runner?.pid
        let end = jdnas("doctor")
        counts.add("looks of a doctor")
        if end.code != 0, hasRunner, runner?.pid == pid {
            violated("a doctor finds beside a runner: \(end.output)\(end.error)")
        }
    }

    private func repair() {
        killRunner()
        let end = jdnas("doctor", "--repair")
        counts.add("repairs")
        if end.code != 0 { violated("a doctor cannot mend: \(end.output)\(end.error)") }
        if end.output.contains("counts as failed") { violated("a result was lost: \(end.output)") }
    }

    // MARK: Harm

    /// For the runner, its stages and all commands at once; by days in all, and no more.
    private func moveClock() {
        guard let clock else { return }
        let few = random.uniform(0.1, 10)
        let jump: Double = [3600, 86_400, few].randomElement(using: &random) ?? few
        let isForward = clock.error < -5 * 86_400 || clock.error < 5 * 86_400 && random.index(below: 2) == 0
        clock.move(by: isForward ? jump : -jump)
        counts.add("jumps of the clock \(isForward ? "forward" : "back")")
    }

    private func killRunner() { stopRunner(SIGKILL) }

    /// While it recovers what the last one has left, or takes in jobs.
    private func killStartingRunner() {
        killRunner()
        startRunner()
        usleep(UInt32(random.uniform(0, 500_000)))
        killRunner()
    }

    private func killStage() {
        guard let pid = stages().randomElement(using: &random) else { return }
        if kill(pid, SIGKILL) == 0 { counts.add("stages' processes killed") }
    }

    private func startSecondRunner() {
        guard let second = try? start("run", "--threads", "1") else { return }
        counts.add("second runners")
        let isFirst = hasRunner
        if let end = second.wait(seconds: isFirst ? 4 : 1) {
            if isFirst, end.code != 1 || !end.error.contains("a runner works on this spool already") {
                violated("a second runner ended with \(end.code): \(end.error)")
            }
            return
        }
        // Slow to start, or the first one has ended just then; two at work would show.
        usleep(500_000)
        if hasRunner, second.isRunning, spool.runner?.pid == second.pid { violated("two runners work at once") }
        second.kill(SIGKILL)
        _ = second.wait()
    }

    /// A real one where there is one, or calls that say so.
    private func spoil(_ state: FaultyDisk.State) -> Bool {
        if let faults, !disk.isMounted || random.index(below: 2) == 0 {
            faults.set(state)
            counts.add("times calls said that the disk was \(state == .full ? "full" : "read-only")")
            return true
        }
        guard state == .full ? disk.fill() : disk.makeReadOnly() else { return false }
        counts.add("times the disk was \(state == .full ? "full" : "read-only")")
        return true
    }

    func mendDisk() {
        faults?.set(.sound)
        disk.makeWritable()
        disk.empty()
    }

    private func fillDisk() {
        guard spoil(.full) else { return }
        for _ in 0..<4 {
            submit()
            wish()
            if !hasRunner { startRunner() }
            usleep(UInt32(random.uniform(0, 500_000)))
        }
        if random.index(below: 2) == 0 { killRunner() }
        mendDisk()
    }

    private func makeReadOnly() {
        killRunner()
        for pid in stages() { kill(pid, SIGKILL) }
        usleep(100_000)
        guard spoil(.readOnly) else { return }
        submit()
        let doctor = jdnas("doctor")
        if doctor.code != 1 { violated("a doctor finds nothing on a read-only disk: \(doctor.output)") }
        let end = jdnas("run", "--drain")
        if end.code == 0 { violated("a runner works on a read-only disk: \(end.output)") }
        mendDisk()
    }
}
