import Basics
public import Foundation

/// Checks every invariant of a spool, and mends what can be mended: `jdnas doctor`.
public struct Doctor: Sendable {
    let spool: Spool
    let bundles: BundleTools
    let surroundings: Surroundings
    /// Whether artifacts' contents are compared with their digests, not their sizes only.
    let isDeep: Bool
    /// Whether bundles that are not there are built too; somebody may have deleted them on purpose.
    let buildsMissingBundles: Bool

    /// Opens a spool as it is. Throws where there is none, or one of another format.
    public init(
        at root: URL, bundles: BundleTools, isDeep: Bool = false, buildsMissingBundles: Bool = false,
        surroundings: Surroundings = Surroundings(), files: FileSystem = FileSystem()
    ) throws {
        self.bundles = bundles
        self.surroundings = surroundings
        self.isDeep = isDeep
        self.buildsMissingBundles = buildsMissingBundles
        spool = try Spool(damagedAt: root, files: files)
    }

    /// The runner that works here, as far as one can see.
    public var runner: Owner? { spool.runner }

    /// All that is wrong or worth knowing, faults first. Beside a runner, whose jobs may move while it looks, only that counts
    /// which is there at every one of several looks.
    public func examine() -> [Finding] {
        examine(pauses: spool.runner == nil ? [0.2] : [0.3, 0.5, 1])
    }

    /// - Parameter pauses: seconds before each further look.
    private func examine(pauses: [Double]) -> [Finding] {
        let first = look(only: nil)
        var kept = first.jobs
        for pause in pauses where !kept.isEmpty {
            surroundings.wait(pause)
            let again = Set(look(only: Set(kept.compactMap(\.job))).jobs)
            kept.removeAll { !again.contains($0) }
        }
        return sorted(first.surroundings + kept)
    }

    /// Mends what can be mended, under the scheduler's lock: throws, naming the owner, while a runner works. Returns what is
    /// left.
    ///
    /// - Parameter tell: gets a line for each thing that was done.
    public func repair(tell: (String) -> Void) throws -> [Finding] {
        try prepareForLock(tell)
        let lock = try SchedulerLock.acquire(spool)
        defer { lock.release() }
        for note in try spool.recover() { tell(note) }
        var left: [Finding] = []
        // What one mends may show the next, and a few rounds are enough; none hides another for ever.
        for _ in 0..<6 {
            // Under the lock only submissions move.
            left = examine(pauses: [0.2])
            var failures: [Finding] = []
            let mendable = left.filter { $0.repair != nil }
            if mendable.isEmpty { break }
            for finding in mendable {
                try lock.beat()
                guard let repair = finding.repair else { continue }
                do { for line in try make(repair, for: finding) { tell(line) } } catch let failure as Failure {
                    tell("\(finding.file): could not be mended: \(failure)")
                    failures.append(finding)
                }
            }
            if failures.count == mendable.count { break }
        }
        return left.contains { $0.repair != nil } ? examine(pauses: [0.2]) : left
    }

    /// What taking the lock itself needs: the marker, `tmp/`, and no damaged lock in the way.
    private func prepareForLock(_ tell: (String) -> Void) throws {
        if spool.markerFinding() != nil {
            try spool.writeMarkerAnew()
            tell("wrote spool.json anew")
        }
        for name in ["tmp", "aside"] where try spool.files.makeFolder(spool.root.appending(path: name)) {
            tell("made \(name)/")
        }
        if case .damaged(let silence) = try SchedulerLock.state(of: spool), silence > SchedulerLock.heartbeatLimit {
            try spool.setAside(spool.lockFile, because: "the lock is damaged")
            tell("set aside the damaged lock")
        }
    }

    private func look(only jobs: Set<JobID>?) -> (surroundings: [Finding], jobs: [Finding]) {
        var examination = Examination(self, only: jobs)
        examination.run()
        return (examination.surroundings, examination.findings)
    }

    private func sorted(_ findings: [Finding]) -> [Finding] {
        findings.sorted {
            ($0.severity == .fault ? 0 : 1, $0.file, $0.what) < ($1.severity == .fault ? 0 : 1, $1.file, $1.what)
        }
    }
}
