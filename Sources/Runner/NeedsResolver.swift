import Basics
import Foundation
import Manifest
import Spool
import StageKit

/// Whether what a stage needs is there.
enum Needs {
    case ready([StageRequest.Input])
    /// Something else has to be done first.
    case waiting
    /// It will never be there.
    case impossible(String)
}

/// Finds the artifacts that stages name: in their own job, in other jobs, on the disk.
struct NeedsResolver {
    let spool: Spool
    let files: FileArtifacts
    /// The jobs with this id or name, wherever they are; nil: they are looked for in the spool.
    var jobs: ((String) throws -> [(folder: StateFolder, token: Token)])?
    /// The receipt of a stage that is done; nil: it is read.
    var receipt: ((JobID, String) throws -> Receipt?)?

    /// Looks at every need, so that one that can never be met is told before hours of work on the others.
    func needs(of stage: ResolvedJob.Stage, in token: Token) throws -> Needs {
        var inputs: [StageRequest.Input] = []
        var isComplete = true
        for reference in stage.needs {
            switch try need(reference, in: token) {
            case .found(let input): inputs.append(input)
            case .waiting: isComplete = false
            case .impossible(let reason): return .impossible(reason)
            }
        }
        if let reason = misfit(inputs, stage, isComplete: isComplete) { return .impossible(reason) }
        return isComplete ? .ready(inputs) : .waiting
    }

    /// What became of another job, for one that comes after it.
    enum OtherJob {
        case done, live, unknown
        /// It failed, or was rejected.
        case ended(String)
    }

    func state(of name: String, before token: Token) throws -> OtherJob {
        guard let other = try earlier(name, than: token) else { return .unknown }
        if other.folder == .done { return .done }
        return other.folder.isFinal ? .ended(other.folder.word) : .live
    }

    /// What became of the search for an input.
    enum Need {
        case found(StageRequest.Input)
        case waiting
        case impossible(String)
    }

    func need(_ reference: InputReference, in token: Token) throws -> Need {
        switch reference {
        case .stage(let name): return try published(token.id, name, as: reference).map(Need.found) ?? .waiting
        case .otherJob(let text, let name): return try need(reference, stage: name, ofJob: text, in: token)
        case .file(let path):
            do { return .found(try files.input(path)) } catch let failure as Failure where failure.cause != .system {
                return .impossible("needs '\(reference)': \(failure.what)")
            }
        }
    }

    private func need(_ reference: InputReference, stage: String, ofJob text: String, in token: Token) throws -> Need {
        guard let other = try earlier(text, than: token) else {
            return .impossible(
                "needs '\(reference)', and no job '\(text)' was handed in before this one; submit that one first")
        }
        let id = other.token.id
        do {
            if let input = try published(id, stage, as: reference) { return .found(input) }
        } catch let failure as Failure {
            // While that job lives its own turn sets a damaged receipt aside, and the stage runs again.
            guard other.folder.isFinal else { return .waiting }
            return .impossible("needs '\(reference)', and the receipt of that stage is damaged (\(failure.what))")
        }
        if other.folder.isFinal {
            return .impossible(
                "needs '\(reference)', and job \(id) is \(other.folder.word) without a stage '\(stage)' that is done")
        }
        if other.folder > .inbox, !spool.stageNames(id).contains(stage) {
            return .impossible("needs '\(reference)', and job \(id) has no stage '\(stage)'")
        }
        return .waiting
    }

    /// Why these are not what the plugin reads; nil if they are.
    private func misfit(_ inputs: [StageRequest.Input], _ stage: ResolvedJob.Stage, isComplete: Bool) -> String? {
        var seen: [ArtifactKind: StageRequest.Input] = [:]
        for input in inputs {
            guard stage.consumes.contains(where: { $0.kind == input.kind }) else {
                return "'\(input.reference)' is \(input.kind.withArticle), which '\(stage.plugin)' does not read"
            }
            if let first = seen.updateValue(input, forKey: input.kind), !stage.consumes.takesSeveral(input.kind) {
                return "'\(first.reference)' and '\(input.reference)' are both \(input.kind.withArticle), and "
                    + "'\(stage.plugin)' reads one"
            }
        }
        guard isComplete else { return nil }
        for requirement in stage.consumes {
            let count = inputs.count { $0.kind == requirement.kind }
            guard let lack = requirement.lack(given: count) else { continue }
            return "needs \(lack)" + (requirement.least == 1 ? ", and none of its inputs is one" : "")
        }
        return nil
    }

    private func published(_ job: JobID, _ stage: String, as reference: InputReference) throws -> StageRequest.Input? {
        guard let receipt = try receipt.map({ try $0(job, stage) }) ?? spool.publishedReceipt(job, stage) else {
            return nil
        }
        guard let kind = ArtifactKind(rawValue: receipt.kind) else {
            throw Failure(
                "an artifact of the unknown kind '\(receipt.kind)'", at: receipt.attempt,
                remedy: "use the jdnas that made it", cause: .input)
        }
        return StageRequest.Input(
            reference: reference.description, kind: kind, directory: spool.output(of: receipt).path,
            digest: receipt.artifactDigest, receipt: spool.receiptFile(job, stage).path)
    }

    /// The job with this id, or the latest of this name, of those that were handed in before. So no two jobs can wait for
    /// each other, and what a name means does not depend on when the stage runs.
    private func earlier(_ text: String, than token: Token) throws -> (folder: StateFolder, token: Token)? {
        var found: (folder: StateFolder, token: Token)?
        for (folder, other) in try jobs?(text) ?? everywhere(text) where Token.isEarlier(other, token) {
            if let known = found, !Token.isEarlier(known.token, other) { continue }
            found = (folder, other)
        }
        return found
    }

    private func everywhere(_ text: String) throws -> [(folder: StateFolder, token: Token)] {
        try StateFolder.allCases.filter { $0 != .rejected }.flatMap { folder in
            try spool.tokens(in: folder).filter { $0.id.text == text || $0.id.jobName == text }.map { (folder, $0) }
        }
    }
}
