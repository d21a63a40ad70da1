import Basics
public import Foundation

extension Spool {
    /// Puts a new file in place, whole and durable; false when the name is taken: of several writers one wins.
    func place(_ data: Data, at url: URL) throws -> Bool {
        let draft = draftFile()
        do {
            try files.create(data, at: draft)
            let placed = try place(draft, at: url)
            try? files.unlink(draft)
            return placed
        } catch {
            try? files.unlink(draft)
            throw error
        }
    }

    /// Gives a whole, synced file its lasting name; false when the name is taken by another file.
    func place(_ draft: URL, at url: URL) throws -> Bool {
        do {
            if try !files.link(draft, to: url), !isSameFile(draft, url) { return false }
        } catch {
            // Over NFS a link can succeed and still report an error (link(2)): look.
            guard isSameFile(draft, url) else { throw error }
        }
        try files.syncFolder(url.deletingLastPathComponent())
        return true
    }

    /// Writes a file in place of what is there: readers see the old one or the new one.
    func replace(_ data: Data, at url: URL) throws {
        let draft = draftFile()
        do {
            try files.create(data, at: draft)
            try files.rename(draft, to: url)
        } catch {
            try? files.unlink(draft)
            throw error
        }
        try files.syncFolder(url.deletingLastPathComponent())
    }

    /// Writes the status page. Whoever reads it sees the old one or the new one, whole; it is not synced, as it is news and no
    /// record: after a crash of the machine the next runner writes it anew.
    public func writeStatusPage(_ html: Data) throws { try writeNews(html, at: statusPage, draft: "status.html") }

    /// The same of any file in `status/`.
    func writeNews(_ data: Data, at url: URL, draft kind: String) throws {
        if !files.exists(statusFolder) { try makeFolder(statusFolder) }
        let draft = draftFile(kind)
        do {
            try files.create(data, at: draft, synced: false)
            try files.rename(draft, to: url)
        } catch {
            try? files.unlink(draft)
            throw error
        }
    }

    /// Moves a file between folders with one rename, and makes both folders durable.
    func move(_ from: URL, to: URL) throws {
        let before = FileStatus(from)
        do { try files.rename(from, to: to) } catch {
            // It may have happened all the same (rename(2) over NFS): look.
            guard let before, FileStatus(to)?.inode == before.inode, !files.exists(from) else { throw error }
        }
        try files.syncFolder(to.deletingLastPathComponent())
        try files.syncFolder(from.deletingLastPathComponent())
    }

    /// Takes a damaged file out of the way, with a reason beside it. Nothing is deleted.
    func setAside(_ url: URL, because reason: String) throws {
        let name = asideName(url)
        try replace(Data("\(url.path)\n\(reason)\n".utf8), at: aside.appending(path: "\(name).reason.txt"))
        try move(url, to: aside.appending(path: name))
    }

    /// Keeps a file that is about to be replaced under a second name, with a reason beside it.
    func keepAside(_ url: URL, because reason: String) throws {
        let name = asideName(url)
        try replace(Data("\(url.path)\n\(reason)\n".utf8), at: aside.appending(path: "\(name).reason.txt"))
        _ = try place(url, at: aside.appending(path: name))
    }

    private func asideName(_ url: URL) -> String {
        "\(Timestamp.now.compact)-\(randomDigits())-\(url.lastPathComponent)"
    }

    /// A name in `tmp/` that nobody else uses; what is left there is removed when it is a day old.
    public func temporaryFile(_ kind: String) -> URL { draftFile(kind) }

    /// `kind` is a word of ours, never a user's file name: that may be as long as a name can be already.
    func draftFile(_ kind: String = "draft") -> URL {
        temporary.appending(path: "\(Owner.current.pid)-\(randomDigits())-\(kind)")
    }

    private func randomDigits() -> String { String(UInt64.random(in: 0...(.max)), radix: 16) }

    private func isSameFile(_ a: URL, _ b: URL) -> Bool {
        guard let first = FileStatus(a), let second = FileStatus(b) else { return false }
        return first.inode == second.inode
    }
}
