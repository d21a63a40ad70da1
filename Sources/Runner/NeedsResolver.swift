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

    func needs(of stage: ResolvedJob.Stage, in token: Token) throws -> Needs {
        var inputs: [StageRequest.Input] = []
        for reference in stage.needs {
            switch reference {
            case .stage(let name):
                guard let input = try published(token.id, name, as: reference) else { return .waiting }
                inputs.append(input)
            case .otherJob(let text, let name):
                guard let other = try earlier(text, than: token) else {
                    return .impossible(
                        "needs '\(reference)', and no job '\(text)' was handed in before this one; submit that one first"
                    )
                }
                if let input = try published(other.token.id, name, as: reference) {
                    inputs.append(input)
                } else if other.folder.isFinal {
                    return .impossible(
                        "needs '\(reference)', and job \(other.token.id) is \(other.folder.word) without a stage '\(name)' that is done"
                    )
                } else {
                    let names = spool.stageNames(other.token.id)
                    if other.folder > .inbox, !names.contains(name) {
                        return .impossible("needs '\(reference)', and job \(other.token.id) has no stage '\(name)'")
                    }
                    return .waiting
                }
            case .file(let path):
                do { inputs.append(try StageRequest.Input(file: path)) } catch let failure as Failure {
                    return .impossible("needs '\(reference)': \(failure.what)")
                }
            }
        }
        if let input = inputs.first(where: { input in !stage.consumes.contains { $0.kind == input.kind } }) {
            return .impossible(
                "'\(input.reference)' is \(input.kind.withArticle), which '\(stage.plugin)' does not read")
        }
        for requirement in stage.consumes where requirement.required {
            guard inputs.contains(where: { $0.kind == requirement.kind }) else {
                return .impossible("needs \(requirement.kind.withArticle), and none of its inputs is one")
            }
        }
        return .ready(inputs)
    }

    private func published(_ job: JobID, _ stage: String, as reference: InputReference) throws -> StageRequest.Input? {
        guard let receipt = try spool.publishedReceipt(job, stage) else { return nil }
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
        for folder in StateFolder.allCases where folder != .rejected {
            for other in try spool.tokens(in: folder)
            where (other.id.text == text || other.id.jobName == text) && Token.isEarlier(other, token) {
                if let known = found, !Token.isEarlier(known.token, other) { continue }
                found = (folder, other)
            }
        }
        return found
    }
}
