import Basics
import Foundation
import Glibc
import Processes
import Spool

/// Calls programs when jobs have ended: one at a time, without a shell, with a limit on their time.
///
/// A notice lies in the spool from before the job's token moves until its program has been called, so that a crash loses none;
/// after a crash a program may be called once more. One that fails is called three times in all.
final class Notifier {
    private let spool: Spool
    private let limit: Double
    private var running: (notice: Notice, child: ChildProcess, deadline: Double)?
    private var tries: [String: Int] = [:]
    private var next = -Double.infinity
    /// What has been told and could not be removed.
    private var told: Set<String> = []

    init(spool: Spool, limit: Double) {
        self.spool = spool
        self.limit = limit
    }

    /// Whether nothing is left to be called.
    var isIdle: Bool { running == nil && ((try? spool.firstNotice(but: told)) ?? nil) == nil }

    private var now: Double { ProcessInfo.processInfo.systemUptime }

    /// Goes on with the notices; `tell` gets what went wrong.
    func attend(tell: (String) -> Void) {
        if let running {
            guard let end = ((try? running.child.wait(seconds: 0)) ?? nil) else {
                if now > running.deadline { running.child.signalGroup(SIGKILL) }
                return
            }
            self.running = nil
            let isLate = now > running.deadline
            if end.exitCode == 0 {
                settle(running.notice)
            } else {
                let how =
                    isLate
                    ? "took more than \(spanText(seconds: limit))"
                    : end.signal.map { "was ended by signal \($0)" } ?? "ended with exit code \(end.exitCode ?? 0)"
                fail(running.notice, how, tell)
            }
        }
        guard now >= next, running == nil, let notice = (try? spool.firstNotice(but: told)) ?? nil else { return }
        call(notice, tell)
    }

    private func call(_ notice: Notice, _ tell: (String) -> Void) {
        guard let name = notice.command.first, let program = Notifier.find(name, from: notice.base) else {
            tell("\(notice.id): 'on_done': there is no program '\(notice.command.first ?? "")'")
            return settle(notice)
        }
        var environment = ProcessInfo.processInfo.environment
        environment.merge(notice.variables(in: spool)) { $1 }
        do {
            let log = spool.log.appending(path: "on_done.txt")
            let child = try ChildProcess(
                program, Array(notice.command.dropFirst()), environment: environment,
                directory: URL(filePath: notice.base), output: log, error: log)
            running = (notice, child, now + limit)
        } catch { fail(notice, "cannot be started: \(Failure(anything: error, at: name).what)", tell) }
    }

    private func fail(_ notice: Notice, _ how: String, _ tell: (String) -> Void) {
        let count = tries[notice.name, default: 0] + 1
        tries[notice.name] = count
        let isLast = count >= 3
        tell("\(notice.id): 'on_done': \(notice.command[0]) \(how)\(isLast ? "; it is not called again" : "")")
        if isLast { settle(notice) } else { next = now + Double(count) }
    }

    private func settle(_ notice: Notice) {
        tries[notice.name] = nil
        do { try spool.remove(notice) } catch { told.insert(notice.name) }
    }

    /// A path, relative to the job's folder, or a name that PATH has.
    static func find(_ name: String, from base: String) -> URL? {
        if name.contains("/") {
            let url = URL(filePath: name, relativeTo: URL(filePath: base, directoryHint: .isDirectory))
                .standardizedFileURL
            return access(url.path, X_OK) == 0 ? url : nil
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { URL(filePath: "\($0)/\(name)") }.first { access($0.path, X_OK) == 0 }
    }
}

extension Notice {
    /// What the program finds in its environment.
    func variables(in spool: Spool) -> [String: String] {
        [
            "JDNAS_SPOOL": spool.root.path, "JDNAS_JOB": id.text, "JDNAS_JOB_NAME": id.jobName,
            "JDNAS_STATE": state.rawValue, "JDNAS_BUNDLE": spool.bundle(id).path, "JDNAS_REASON": reason ?? "",
        ]
    }
}
