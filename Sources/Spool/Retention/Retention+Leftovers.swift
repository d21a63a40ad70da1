import Basics
import Foundation

extension Retention {
    /// What the attempts at a job's finished stages have left beside the results.
    func leftovers(_ id: JobID, _ tally: inout SpaceTally) throws -> [Removal] {
        var parts: [String] = []
        var bytes = 0
        for stage in try spool.files.list(spool.workFolder(id)) where isLegalName(stage) {
            guard let receipt = (try? spool.publishedReceipt(id, stage)) ?? nil else { continue }
            for attempt in try spool.attempts(id, stage) {
                var names = ["checkpoint", "workers", "scratch"]
                if attempt.path != receipt.attempt { names.append("output") }
                for name in names {
                    let folder = attempt.url.appending(path: name, directoryHint: .isDirectory)
                    guard FileStatus(folder)?.kind == .folder, try !spool.files.list(folder).isEmpty else { continue }
                    parts.append("\(attempt.path)/\(name)")
                    bytes += tally.add(folder)
                }
            }
        }
        guard !parts.isEmpty else { return [] }
        let why = "\(parts.count) folder\(parts.count == 1 ? "" : "s") that finished stages have left"
        return [Removal(.leftovers, "work/\(id)", why: why, bytes: bytes, job: id, parts: parts)]
    }

    /// What was unpacked from bundles for jobs that have all ended, and beginnings of that.
    func unpacked(_ needs: LiveNeeds, _ tally: inout SpaceTally) throws -> [Removal] {
        guard let stages = needs.unpackedStages else { return [] }
        return try spool.files.list(spool.imports).compactMap { name in
            let folder = spool.imports.appending(path: name, directoryHint: .isDirectory)
            guard Digest(hex: name) != nil || name.hasPrefix(".draft-") else { return nil }
            let receipt = try? Receipt(reading: folder.appending(path: "receipt.json"))
            if let receipt, stages.contains(receipt.stage) { return nil }
            let why = receipt.map { "no job reads '\($0.stage)' of \($0.job)" } ?? "it was never whole"
            return Removal(.unpacked, "imports/\(name)", why: why, bytes: tally.add(folder))
        }
    }

    /// - Parameter gone: jobs that go.
    func entries(without gone: Set<JobID>, _ tally: inout SpaceTally) throws -> [Removal] {
        try spool.files.list(spool.cache).compactMap { name in
            let url = spool.cache.appending(path: name)
            guard let why = spool.danglingEntry(url, without: gone) else { return nil }
            return Removal(.entry, "cache/\(name)", why: why, bytes: tally.add(url))
        }
    }

    func drafts(_ tally: inout SpaceTally) throws -> [Removal] {
        let time = try spool.serverTime()
        return try spool.files.list(spool.temporary).compactMap { name in
            let url = spool.temporary.appending(path: name)
            guard let status = FileStatus(url), status.kind == .file, time - status.modified > 86_400 else {
                return nil
            }
            return Removal(.draft, "tmp/\(name)", why: "a draft of more than a day ago", bytes: tally.add(url))
        }
    }
}
