import Basics
import Foundation

extension Doctor {
    /// Mends one thing; returns a line for each change. What has mended itself meanwhile is left alone.
    func make(_ repair: Repair, for finding: Finding) throws -> [String] {
        let url = spool.root.appending(path: finding.file)
        switch repair {
        case .marker:
            try spool.writeMarkerAnew()
            return ["wrote spool.json anew"]
        case .folder(let name):
            return try makeFolder(name)
        case .lock:
            // Taking the lock has dealt with it.
            return []
        case .recover: return try spool.recover()
        case .setAside(let path):
            guard spool.files.exists(spool.root.appending(path: path)) else { return [] }
            try spool.setAside(spool.root.appending(path: path), because: finding.what)
            return ["moved \(path) to aside/"]
        case .remove(let path):
            try spool.files.unlink(spool.root.appending(path: path))
            try spool.files.syncFolder(url.deletingLastPathComponent())
            return ["removed \(path)"]
        case .removeFolder(let path):
            try spool.files.removeFolder(spool.root.appending(path: path))
            try spool.files.syncFolder(url.deletingLastPathComponent())
            return ["removed \(path)"]
        case .token(let id): return try rewriteToken(id)
        case .record(let id): return try rewriteRecord(id)
        case .copy(let id, let name): return try restore(name, of: id)
        case .receipt(let id, let stage): return try mendReceipt(id, stage)
        case .bundle(let id): return try buildBundle(id)
        }
    }

    private func makeFolder(_ name: String) throws -> [String] {
        try spool.makeFolder(spool.root.appending(path: name, directoryHint: .isDirectory))
        return ["made \(name)/"]
    }

    /// A verdict stands. Where there is none, only a runner can say what a job has come to: back into the queue with it. A job
    /// whose results are all there is done again at once.
    private func rewriteToken(_ id: JobID) throws -> [String] {
        guard let (folder, found) = try spool.find(id) else { return [] }
        var token = found
        token.epoch = max(token.epoch, try spool.lastEpoch(id))
        if token.epoch != found.epoch {
            _ = try spool.prepare(token, in: folder, for: token.state)
            return ["\(id): the token counts its claims again (\(token.epoch))"]
        }
        let isOnItsWay = folder == .failed && token.state.folder == .queued
        // Mended already, with another finding.
        if Examination.fits(token.state.folder, in: folder), !isOnItsWay { return [] }
        if folder.isFinal, isOnItsWay || [.done, .failed].contains(token.state.folder) {
            try spool.commit(token, from: folder)
            return ["\(id): moved to \(token.state.folder.rawValue)/, as its token says"]
        }
        switch folder {
        case .inbox: _ = try spool.prepare(token, in: folder, for: .submitted)
        case .rejected: _ = try spool.prepare(token, in: folder, for: .rejected(reason: "the manifest was refused"))
        case .queued, .running, .done, .failed:
            _ = try spool.move(token, from: folder, to: .queued(accepted: .now))
            return ["\(id): back in the queue, for its token did not fit \(folder.rawValue)/"]
        }
        return ["\(id): the token fits \(folder.rawValue)/ again"]
    }

    private func rewriteRecord(_ id: JobID) throws -> [String] {
        guard let token = try spool.find(id)?.token else { return [] }
        let url = spool.recordFile(id)
        if spool.files.exists(url) { try spool.setAside(url, because: "damaged, or not as the token has it") }
        try spool.replace(SealedRecord.encode(spool.record(for: token)), at: url)
        return ["\(id): wrote job.json anew"]
    }

    // MARK: Copies

    /// The manifest as it was handed in, from wherever it still lies.
    func copyOfManifest(_ token: Token) -> Data? {
        let files = [
            spool.droppedFile(token.id), spool.folder(.rejected).appending(path: "\(token.id).yaml"),
        ]
        let copies = files.compactMap { (try? spool.files.read($0)) ?? nil }
        if let copy = copies.first(where: { Digest(of: $0) == token.manifestDigest }) { return copy }
        guard let member = bundles.member(spool.bundle(token.id), "manifest.yaml") else { return nil }
        return Digest(of: member) == token.manifestDigest ? member : nil
    }

    func copyOfResolved(_ token: Token) -> Data? {
        bundles.member(spool.bundle(token.id), "resolved.json").flatMap { data in
            (try? JSON(parsing: data))?["stages"]?.array == nil ? nil : data
        }
    }

    private func restore(_ name: String, of id: JobID) throws -> [String] {
        guard let token = try spool.find(id)?.token else { return [] }
        let isManifest = name == spool.manifest(id).lastPathComponent
        guard let copy = isManifest ? copyOfManifest(token) : copyOfResolved(token) else {
            throw Failure("there is no copy of it any more", at: "work/\(id)/\(name)", cause: .system)
        }
        let url = spool.workFolder(id).appending(path: name)
        if spool.files.exists(url) { try spool.setAside(url, because: "not what was handed in") }
        try spool.replace(copy, at: url)
        return ["\(id): took \(name) from its copy"]
    }

    // MARK: Bundles

    private func buildBundle(_ id: JobID) throws -> [String] {
        guard let (folder, token) = try spool.find(id), folder == .done || folder == .failed else { return [] }
        let bundle = spool.bundle(id)
        let isThere = spool.files.exists(bundle)
        let draft = spool.bundleDraft()
        try bundles.build(spool, token, draft)
        // The damaged one gets a second name before the new one takes its place: at no moment is there none.
        if isThere { try spool.keepAside(bundle, because: "the bundle is damaged") }
        try spool.publishBundle(draft, of: id)
        return ["\(id): built its bundle \(isThere ? "anew" : "again")"]
    }
}
