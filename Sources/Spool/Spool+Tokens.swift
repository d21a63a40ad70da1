import Basics
import Foundation

extension Spool {
    /// The tokens in a state folder, first in first. Torn ones are left out; `recover` sets them aside.
    public func tokens(in folder: StateFolder) throws -> [Token] {
        try tokenIDs(in: folder).compactMap { try? token($0, in: folder) }.sorted(by: Token.isEarlier)
    }

    /// A job's token and its folder, wherever it is; the later state where a crash left two.
    public func find(_ id: JobID) throws -> (folder: StateFolder, token: Token)? {
        // In the order in which tokens move, so that one moving right now is not missed.
        for _ in 0..<2 {
            var found: (StateFolder, Token)?
            for folder in StateFolder.allCases.sorted() {
                if let token = try? token(id, in: folder) { found = (folder, token) }
            }
            if let found { return found }
        }
        return nil
    }

    /// Prepares and makes a transition: the token is rewritten where it is, then renamed. The rename is the transition.
    public func move(_ token: Token, from folder: StateFolder, to state: JobState) throws -> Token {
        let prepared = try prepare(token, in: folder, for: state)
        try commit(prepared, from: folder)
        return prepared
    }

    /// Rewrites a token with what its next state knows. A verdict is made durable this way before its bundle is built.
    public func prepare(_ token: Token, in folder: StateFolder, for state: JobState) throws -> Token {
        var next = token
        next.state = state
        try replace(SealedRecord.encode(next), at: tokenFile(token.id, in: folder))
        return next
    }

    /// Renames a prepared token into the folder of its state.
    public func commit(_ token: Token, from folder: StateFolder) throws {
        guard token.state.folder != folder else { return }
        try move(tokenFile(token.id, in: folder), to: tokenFile(token.id, in: token.state.folder))
    }

    /// Takes a queued job, or one that a dead runner left running, for this owner, with a new epoch.
    public func claim(_ token: Token, from folder: StateFolder, for owner: Owner) throws -> Token {
        var next = token
        // The attempts on disk count too: the token may have been rebuilt after damage.
        next.epoch = max(token.epoch, try lastEpoch(token.id)) + 1
        let started: Timestamp = if case .running(_, let time) = token.state { time } else { .now }
        return try move(next, from: folder, to: .running(owner: owner, started: started))
    }

    /// The ids of the jobs in a state folder, by their names; no token is read.
    public func tokenIDs(in folder: StateFolder) throws -> [JobID] {
        try files.list(self.folder(folder)).compactMap { name in
            name.hasSuffix(".json") ? JobID(String(name.dropLast(5))) : nil
        }
    }

    /// A job's token in a state folder; nil if it is not there. Throws when it is damaged or cannot be read.
    public func token(_ id: JobID, in folder: StateFolder) throws -> Token? {
        guard let data = try files.read(tokenFile(id, in: folder)) else { return nil }
        return try token(id, in: folder, from: data)
    }

    /// A token from its file's bytes; throws when they are damaged.
    func token(_ id: JobID, in folder: StateFolder, from data: Data) throws -> Token {
        let url = tokenFile(id, in: folder)
        let token = try SealedRecord.decode(Token.self, from: data, at: url.path)
        guard token.id == id, token.format == Token.format else {
            throw Failure("the token is of another job or format", at: url.path, cause: .system)
        }
        return token
    }
}
