import Basics
import Foundation

/// What jobs that have not ended need of others. Where that cannot be told, rather too much than too little.
struct LiveNeeds {
    /// Jobs whose stages or bundles are read.
    private(set) var jobs: Set<JobID> = []
    /// Stages of bundles that are read; nil for all.
    private(set) var unpackedStages: Set<String>? = []

    private let tokens: [Token]

    /// Throws when a job that has not ended cannot be read.
    init(of spool: Spool) throws {
        var all: [Token] = []
        var live: [(folder: StateFolder, token: Token)] = []
        let retried = try spool.wishes().filter { $0.value.retry != nil }
        for folder in StateFolder.allCases.sorted() where folder != .rejected {
            for id in try spool.tokenIDs(in: folder) {
                guard let token = try spool.token(id, in: folder) else { continue }
                all.append(token)
                if !folder.isFinal || retried[id] != nil { live.append((folder, token)) }
            }
        }
        tokens = all
        for (folder, token) in live {
            // A job that is to be tried again is live itself.
            if folder.isFinal { jobs.insert(token.id) }
            if folder != .inbox, let needs = LiveNeeds.needs(of: token, in: spool) {
                for need in needs { add(need, of: token) }
            } else if let text = try spool.files.read(spool.manifest(token.id)) {
                add(manifest: text)
            }
        }
        let inbox = spool.folder(.inbox)
        for name in try spool.files.list(inbox) where !name.hasSuffix(".json") {
            let file = inbox.appending(path: name)
            guard let status = FileStatus(file), status.kind == .file, status.size <= InboxWatcher.largestManifest,
                let text = try spool.files.read(file)
            else { continue }
            add(manifest: text)
        }
    }

    /// What the stages of an accepted job name; nil if that cannot be read.
    private static func needs(of token: Token, in spool: Spool) -> [String]? {
        guard let data = (try? spool.files.read(spool.resolved(token.id))) ?? nil,
            let stages = (try? JSON(parsing: data))?["stages"]?.array
        else { return nil }
        return stages.flatMap { $0["needs"]?.array?.compactMap(\.string) ?? [] }
    }

    private mutating func add(_ need: String, of token: Token) {
        if need.hasPrefix("file:") {
            let parts = need.dropFirst(5).split(separator: "/").map(String.init)
            for part in parts {
                let name = part.hasSuffix(".tar.zst") ? String(part.dropLast(8)) : part
                if let id = JobID(name) { jobs.insert(id) }
            }
            if let last = parts.last { unpackedStages?.insert(last) }
            return
        }
        let parts = need.split(separator: "/").map(String.init)
        guard parts.count == 2 else { return }
        // As the runner understands it: the latest of those that were handed in before.
        let known = tokens.filter {
            ($0.id.text == parts[0] || $0.id.jobName == parts[0]) && Token.isEarlier($0, token)
        }
        if let latest = known.max(by: Token.isEarlier) { jobs.insert(latest.id) }
    }

    /// A manifest that nobody has checked yet: all jobs that its text may name.
    private mutating func add(manifest data: Data) {
        let text = String(decoding: data, as: UTF8.self)
        var latest: [String: Token] = [:]
        for token in tokens {
            if text.contains(token.id.text) { jobs.insert(token.id) }
            if let other = latest[token.id.jobName], Token.isEarlier(token, other) { continue }
            latest[token.id.jobName] = token
        }
        for (name, token) in latest where text.contains("\(name)/") { jobs.insert(token.id) }
        if text.contains("file") { unpackedStages = nil }
    }
}
