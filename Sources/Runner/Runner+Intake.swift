import Basics
import CLinux
import Foundation
import Spool
import StageKit

/// What was handed in and is being checked.
struct IntakeCheck {
    enum Subject {
        case submission(Token)
        /// With its bytes.
        case drop(Drop, Data)
    }

    let subject: Subject
    /// The file in the inbox as it was before it was read.
    let status: FileStatus?
    let check: ManifestCheck

    var name: String {
        switch subject {
        case .submission(let token): InboxItem.submission(token).name
        case .drop(let drop, _): drop.name
        }
    }
}

extension Runner {
    /// Looks into the inbox when it is time, and takes in or rejects what is there, one after the other. Checks of manifests go
    /// on by themselves meanwhile. Throws when the inbox cannot be looked into.
    func intake() throws {
        try settleIntakeCheck()
        if intakeCheck == nil, pending.isEmpty {
            guard now - lastLook >= min(options.poll, Runner.shortestLook) else { return tellOfIntake() }
            lastLook = now
            pending = try watcher.look(at: spool).reversed()
            // Unless something that was taken in still waits to be looked at: drop after drop must not put that off.
            if !hasTakenIn { batchBegun = now }
            inboxTroubles.keep(only: Set(pending.map(\.name)))
        }
        let start = now
        while intakeCheck == nil, now - start < 1, let item = pending.popLast() {
            try beat()
            try begin(item)
        }
        tellOfIntake()
    }

    /// Whether the jobs are better looked at when more of what came together is taken in: the first one need not be the one that
    /// goes first. Ten thousand drops must neither keep stages from starting nor cost ten thousand looks.
    var isTakingIn: Bool { (intakeCheck != nil || !pending.isEmpty) && now - batchBegun < options.gathering }

    /// Has the jobs looked at once what came together is taken in, and each while (`gathering`) as that goes on.
    private func tellOfIntake() {
        guard hasTakenIn, !isTakingIn else { return }
        agenda.isStale = true
        hasTakenIn = false
    }

    /// Has something checked, or rejects what needs no check. What can be neither accepted nor refused stays where it is, is told
    /// once, and is tried again later.
    private func begin(_ item: InboxItem) throws {
        let status = inboxStatus(item.name)
        guard inboxTroubles.isDue(item.name, status: status, at: now) else { return }
        // It was still when the inbox was looked at, which may be a while ago.
        if case .drop(let drop) = item, jd_is_being_written(drop.url.path) { return }
        try passingOver(item.name, status) {
            if let subject = try subject(of: item) {
                intakeCheck = IntakeCheck(subject: subject, status: status, check: try startCheck(of: subject))
            } else {
                inboxTroubles.settle(item.name)
            }
        }
    }

    private func inboxStatus(_ name: String) -> FileStatus? { FileStatus(spool.folder(.inbox).appending(path: name)) }

    /// One odd file holds up no other.
    private func passingOver(_ name: String, _ status: FileStatus?, _ body: () throws -> Void) throws {
        hasTakenIn = true
        do { try body() } catch let lost as LostLock {
            throw lost
        } catch {
            let failure = Failure(anything: error, at: name)
            if inboxTroubles.note(failure, of: name, status: status, at: now).isNews {
                report(.note("inbox/\(name) is passed over for now: \(failure)"))
            }
        }
    }

    /// What is to be checked; nil where there is nothing more to do.
    private func subject(of item: InboxItem) throws -> IntakeCheck.Subject? {
        switch item {
        case .submission(let token):
            do { _ = try spool.manifestData(of: token) } catch let failure as Failure where failure.cause == .input {
                try reject(token, "\(failure)\n")
                return nil
            }
            return .submission(token)
        case .drop(let drop): return try spool.contents(of: drop).map { .drop(drop, $0) }
        case .stranger(let drop, let reason):
            try reject(drop, "\(drop.name): error: \(reason)\n")
            return nil
        case .unreadable(_, let failure): throw failure
        }
    }

    private func startCheck(of subject: IntakeCheck.Subject) throws -> ManifestCheck {
        switch subject {
        case .submission(let token):
            try checker.start(
                spool.manifest(token.id), name: token.source, base: token.base, environment: token.environment ?? [:])
        case .drop(let drop, _): try checker.start(drop.url, name: drop.name, base: options.base)
        }
    }

    /// Accepts or rejects what was checked, once the check has ended.
    private func settleIntakeCheck() throws {
        guard let checked = intakeCheck else { return }
        guard inboxStatus(checked.name) == checked.status else {
            // Taken back, or changed: what is said of it does not matter any more.
            intakeCheck = nil
            hasTakenIn = true
            lastLook = -.infinity
            return
        }
        guard let verdict = checked.check.look() else { return }
        intakeCheck = nil
        try passingOver(checked.name, checked.status) {
            switch verdict {
            case .accepted(let job): try accept(job, checked.subject)
            case .refused(let text): try refuse(checked.subject, text)
            case .none(let failure):
                let (isNews, tries) = inboxTroubles.note(
                    failure, of: checked.name, status: checked.status, at: now)
                if isNews { report(.note("\(failure); trying again")) }
                guard tries >= Troubles.enough else { return }
                // It may be the manifest after all that the check does not survive.
                try refuse(checked.subject, "\(failure)\n")
            }
            inboxTroubles.settle(checked.name)
        }
    }
}
