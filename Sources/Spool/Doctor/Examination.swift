import Basics
import Foundation

/// One look at a spool. It changes nothing but a file in `tmp/`, which it removes.
struct Examination {
    let doctor: Doctor
    /// Nil for all jobs.
    let only: Set<JobID>?
    /// What does not come and go with jobs that move.
    private(set) var surroundings: [Finding] = []
    private(set) var findings: [Finding] = []
    /// The tokens that were read, by job; the later state where there are two.
    var tokens: [JobID: (folder: StateFolder, token: Token)] = [:]
    /// Jobs with a token that is damaged or cannot be read: nothing else is said of them.
    var doubtful: Set<JobID> = []
    /// Seconds since 1970 by the file server's clock; nil where no file can be made.
    private(set) var serverTime: Double?

    var spool: Spool { doctor.spool }

    init(_ doctor: Doctor, only: Set<JobID>?) {
        self.doctor = doctor
        self.only = only
    }

    mutating func run() {
        if only == nil { lookAround() }
        serverTime = try? spool.serverTime()
        lookAtLock()
        lookAtTokens()
        lookAtJobs()
        lookAtCache()
        lookAtImports()
        lookAtWishes()
        lookAtDrafts()
    }

    mutating func note(
        _ severity: Finding.Severity, _ file: String, _ what: String, remedy: String? = nil, job: JobID? = nil,
        repair: Repair? = nil
    ) {
        findings.append(Finding(severity, file, what, remedy: remedy, job: job, repair: repair))
    }

    // MARK: The spool as a whole

    /// Folders that users may delete, and that the next runner or command makes again.
    private static let spare: Set = ["log", "cache", "imports", "wishes"]

    private mutating func lookAround() {
        func tell(_ severity: Finding.Severity, _ file: String, _ what: String, _ remedy: String?, _ repair: Repair?) {
            surroundings.append(Finding(severity, file, what, remedy: remedy, repair: repair))
        }
        if let finding = spool.markerFinding() { surroundings.append(finding) }
        for name in Spool.folders {
            let url = spool.root.appending(path: name, directoryHint: .isDirectory)
            switch FileStatus(url)?.kind {
            case nil:
                let severity = Examination.spare.contains(name) ? Finding.Severity.remark : .fault
                tell(severity, name, "this folder of the spool is missing", nil, .folder(name))
            case .folder:
                if !spool.files.isWritable(url) {
                    let remedy = "make it writable for whoever runs 'jdnas run' (chmod, chown, mount)"
                    tell(.fault, name, "this folder cannot be written to", remedy, nil)
                }
            case .file, .other:
                // Somebody may keep a folder of a spool elsewhere: a link to a folder will do.
                if FileStatus(url.resolvingSymlinksInPath())?.kind == .folder { continue }
                tell(.fault, name, "this is not a folder", "move it away, then 'jdnas doctor --repair'", nil)
            }
        }
        lookAtClockAndRoom(tell)
    }

    /// Seconds between two clocks that are worth a word.
    private static let worthySkew = 5.0

    private func lookAtClockAndRoom(_ tell: (Finding.Severity, String, String, String?, Repair?) -> Void) {
        do {
            let skew = try spool.serverTime() - doctor.surroundings.now()
            if abs(skew) > Examination.worthySkew {
                let which = skew > 0 ? "ahead of" : "behind"
                tell(
                    .remark, ".", "the file server's clock is \(spanText(seconds: abs(skew))) \(which) this machine's",
                    "let both keep their time by NTP: ages and times that are shown are off by so much", nil)
            }
        } catch {
            let failure = error as? Failure
            tell(
                .fault, "tmp", "no file can be written here (\(failure?.what ?? "\(error)"))",
                failure?.remedy ?? "check permissions and free space (df)", nil)
        }
        guard let free = doctor.surroundings.freeBytes(spool.root), free < 1 << 30 else { return }
        tell(
            free < 16 << 20 ? .fault : .remark, ".", "only \(free >> 20) MiB are free on its file system",
            "make room: 'jdnas gc' lists what is not needed any more", nil)
    }

    private mutating func lookAtLock() {
        guard let state = try? SchedulerLock.state(of: spool) else { return }
        let name = spool.lockFile.lastPathComponent
        switch state {
        case .free, .held(_, _, true?, _): break
        case .damaged:
            note(.fault, name, "the lock is damaged, so nobody can tell whether a runner works here", repair: .lock)
        case .held(let owner, let since, false?, _):
            note(
                .remark, name, "the runner has ended without giving the lock back: \(owner) (since \(since))",
                remedy: "the next 'jdnas run' replaces it", repair: .lock)
        case .held(let owner, let since, nil, let silence):
            guard silence > SchedulerLock.heartbeatLimit else { return }
            note(
                .fault, name,
                "a runner on another machine has this spool and has not been heard of for more than a minute: "
                    + "\(owner) (since \(since))",
                remedy: "if that machine is dead: 'jdnas run --take-over'")
        }
    }

    // MARK: Reading

    /// A path as findings have it.
    func path(_ url: URL) -> String {
        let (root, path) = (spool.root.path, url.path)
        guard path.hasPrefix(root) else { return path }
        return String(path.dropFirst(root.count).drop { $0 == "/" })
    }

    /// What lies under a name where a sealed record should be.
    enum Reading<Record> {
        case none
        case whole(Record)
        case damaged(String)
        /// Not a word on whether it is damaged: it could not be read.
        case unreadable(String)
    }

    func read<Record: Decodable>(_ type: Record.Type, at url: URL) -> Reading<Record> {
        let data: Data
        do {
            guard let found = try spool.files.read(url) else { return .none }
            data = found
        } catch { return .unreadable(Examination.text(error)) }
        do { return .whole(try SealedRecord.decode(type, from: data, at: url.path)) } catch {
            return .damaged(Examination.text(error))
        }
    }

    static func text(_ error: any Error) -> String { (error as? Failure)?.what ?? "\(error)" }

    mutating func noteUnreadable(_ url: URL, _ why: String, job: JobID? = nil) {
        note(.fault, path(url), "cannot be read (\(why))", remedy: "check its permissions, and the disk", job: job)
    }

    /// The names in a folder, without those that begin with a dot.
    mutating func names(in folder: URL, job: JobID? = nil) -> [String] {
        do { return try spool.files.list(folder).filter { !$0.hasPrefix(".") } } catch {
            noteUnreadable(folder, Examination.text(error), job: job)
            return []
        }
    }
}
