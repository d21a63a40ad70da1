import Basics
import Foundation

extension Examination {
    /// Each job has one token, whole, in the folder of its state.
    mutating func lookAtTokens() {
        // In the order in which tokens move: one on its way may be seen twice, never missed.
        for folder in StateFolder.allCases.sorted() {
            for name in names(in: spool.folder(folder)) {
                guard name.hasSuffix(".json"), let id = JobID(String(name.dropLast(5))) else {
                    // Users drop manifests in the one, and find what was refused in the other.
                    if folder == .inbox || folder == .rejected { continue }
                    note(
                        .remark, "\(folder.rawValue)/\(name)", "this is no job's token, and nobody looks at it",
                        repair: .setAside("\(folder.rawValue)/\(name)"))
                    continue
                }
                if only?.contains(id) ?? true { lookAtToken(id, in: folder) }
            }
        }
    }

    private mutating func lookAtToken(_ id: JobID, in folder: StateFolder) {
        let url = spool.tokenFile(id, in: folder)
        switch read(Token.self, at: url) {
        case .none: return
        case .unreadable(let why):
            doubtful.insert(id)
            noteUnreadable(url, why, job: id)
        case .damaged(let why): noteDamaged(id, url, why)
        case .whole(let token):
            guard token.id == id, token.format == Token.format else {
                return noteDamaged(id, url, "it is of another job or format")
            }
            if let other = tokens[id] {
                note(
                    .fault, path(spool.tokenFile(id, in: other.folder)),
                    "the job has two tokens; the one in \(folder.rawValue)/ counts", job: id, repair: .recover)
            }
            tokens[id] = (folder, token)
        }
    }

    private mutating func noteDamaged(_ id: JobID, _ url: URL, _ why: String) {
        doubtful.insert(id)
        note(.fault, path(url), "the token is damaged: \(why)", job: id, repair: .recover)
    }

    /// Whether a token may say this in this folder: what the folder says, or one transition more.
    static func fits(_ state: StateFolder, in folder: StateFolder) -> Bool {
        if state == folder { return true }
        switch folder {
        case .inbox: return state == .queued || state == .rejected
        case .queued: return state == .running || state == .failed || state == .done
        case .running: return state == .failed || state == .done
        case .failed: return state == .queued
        case .done, .rejected: return false
        }
    }
}
