import Archive
import Basics
import Foundation
import Spool
import StageKit

/// What goes into a job's bundle; for a failed job, what there is.
///
/// `manifest.yaml`, `resolved.json`, `job.json`, `failure.txt` (failed jobs), `logs/<stage>.txt`, `receipts/<stage>.json`, and
/// the members that stages marked for it: those of an evaluation at the top, so that `report.html` is where one looks first,
/// others under `<stage>/`. Of a stage that has not come to its end there are the journals (`.jsonl`) of its last checkpoint.
struct JobBundle {
    private(set) var members: [ArchiveMember] = []
    let about: JSON
    private var taken: Set<String> = []

    init(spool: Spool, token: Token) throws {
        let stages = spool.stageNames(token.id)
        let details = JobBundle.details(spool, token, stages)
        about = JobBundle.about(token)
        add("job.json", Data(details.prettyText.utf8))
        add("manifest.yaml", file: spool.manifest(token.id))
        add("resolved.json", file: spool.resolved(token.id))
        if case .failed(let reason, _, _, _) = token.state { add("failure.txt", Data((reason + "\n").utf8)) }
        for stage in stages {
            let log = try JobBundle.log(spool, token.id, stage)
            if !log.isEmpty { add("logs/\(stage).txt", log) }
            guard let receipt = try? spool.publishedReceipt(token.id, stage) else {
                addJournals(of: stage, spool, token.id)
                continue
            }
            add("receipts/\(stage).json", file: spool.receiptFile(token.id, stage))
            let output = spool.output(of: receipt)
            for member in receipt.members where member.bundle {
                let onTop = receipt.kind == ArtifactKind.evaluation.rawValue && isFree(member.path, stages: stages)
                add(onTop ? member.path : "\(stage)/\(member.path)", file: output.appending(path: member.path))
            }
        }
    }

    /// Whether a name at the top is nobody else's.
    private func isFree(_ path: String, stages: [String]) -> Bool {
        let top = path.split(separator: "/").first.map(String.init) ?? path
        let own = ["bundle.json", "job.json", "manifest.yaml", "resolved.json", "failure.txt", "logs", "receipts"]
        return !own.contains(top) && !stages.contains(top) && !taken.contains(path)
    }

    /// What a stage without a result had found out: its journals are for people.
    private mutating func addJournals(of stage: String, _ spool: Spool, _ id: JobID) {
        // The last attempt that saved anything: an earlier one that was given up may have come further.
        let attempts = ((try? spool.attempts(id, stage)) ?? []).reversed()
        let saved = attempts.lazy.compactMap { CheckpointFolder.newest(ofAttempts: [$0.url]) }
        guard let checkpoint = saved.first else { return }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoint.path)) ?? []
        for name in names.sorted() where name.hasSuffix(".jsonl") {
            add("\(stage)/\(name)", file: checkpoint.appending(path: name))
        }
    }

    private mutating func add(_ path: String, _ data: Data) {
        if taken.insert(path).inserted { members.append(ArchiveMember(path: path, contents: .data(data))) }
    }

    /// A file that is not there is left out: a failed job's bundle holds what there is.
    private mutating func add(_ path: String, file: URL) {
        guard FileStatus(file)?.kind == .file else { return }
        if taken.insert(path).inserted { members.append(ArchiveMember(path: path, contents: .file(file))) }
    }

    private static func about(_ token: Token) -> JSON {
        [
            "id": .string(token.id.text), "job": .string(token.id.jobName),
            "state": .string(token.state.folder.rawValue), "epoch": .integer(token.epoch),
            "created": .string(Timestamp.now.description),
        ]
    }

    /// `job.json`: states, times and reasons.
    private static func details(_ spool: Spool, _ token: Token, _ stages: [String]) -> JSON {
        let status = spool.status(token, in: token.state.folder)
        func text(_ time: Timestamp?) -> JSON { time.map { .string($0.description) } ?? .null }
        return [
            "format": "jdnas-job-report/1", "id": .string(status.id), "job": .string(status.name),
            "state": .string(status.state.rawValue), "reason": status.reason.map(JSON.string) ?? .null,
            "submitted": text(status.submitted), "started": text(status.started), "finished": text(status.finished),
            "manifestDigest": .string(token.manifestDigest.hex), "base": .string(token.base),
            "stages": .array(stages.map { stage(spool, token.id, $0) }),
        ]
    }

    private static func stage(_ spool: Spool, _ id: JobID, _ name: String) -> JSON {
        let attempts = ((try? spool.attempts(id, name)) ?? []).map { attempt -> JSON in
            let outcome = spool.outcome(of: attempt)
            let json = outcome.flatMap { try? JSON(encoding: $0) } ?? ["result": "interrupted"]
            var members = json.object ?? [:]
            members["attempt"] = .string(attempt.name)
            return .object(members)
        }
        let receipt = try? spool.publishedReceipt(id, name)
        return [
            "name": .string(name), "done": .bool(receipt != nil), "attempts": .array(attempts),
            "artifact": receipt.map { .string($0.artifactDigest.hex) } ?? .null, "summary": receipt?.summary ?? .null,
        ]
    }

    /// The logs of a stage's attempts, one after the other, each with its name in front.
    private static func log(_ spool: Spool, _ id: JobID, _ stage: String) throws -> Data {
        var text = Data()
        for attempt in try spool.attempts(id, stage) {
            guard let data = try? Data(contentsOf: attempt.log) else { continue }
            text += Data("--- attempt \(attempt.name)\n".utf8) + tail(data)
        }
        return text
    }

    /// The last part of a long log.
    private static func tail(_ data: Data) -> Data {
        let limit = 4 << 20
        return data.count <= limit ? data : Data("(the beginning is left out)\n".utf8) + data.suffix(limit)
    }
}
