import Basics
import Foundation
import Manifest
import Spool
import StageKit

/// A stage under examination, in a scratch folder:
///
/// - `inputs/<n>-<kind>/`: the artifacts, each with its receipt, read only;
/// - `base/`: what relative paths in options are taken from;
/// - `elsewhere/`, `temporary/`: the working directory and `TMPDIR`;
/// - `work/<id>/stage/attempts/1-<n>/`: the attempts, as in a spool;
/// - `kept/<n>/`: what a killed process would have left of an attempt.
final class Bench {
    let suite: StageConformance
    let scratch: URL
    let id: JobID
    /// The artifacts as requests name them.
    private(set) var inputs: [StageRequest.Input] = []
    /// What was written where nothing may be written, over all attempts.
    var strays: [String] = []
    /// What `progress.json` should not have said, over all attempts.
    var progressProblems: [String] = []
    var attempts: [Attempt] = []
    private var undisturbed: Attempt?
    let surroundings: Surroundings

    var plugin: any StagePlugin { suite.plugin }
    var catalog: StageCatalog { StageCatalog([plugin]) }

    init(_ suite: StageConformance) throws {
        self.suite = suite
        id = try JobID(job: "conformance", at: .now, random: .random(in: 0...0xFF_FFFF))
        scratch = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "jdnas-conformance-\(UUID().uuidString)", directoryHint: .isDirectory)
        for name in ["base", "elsewhere", "temporary"] { try Folder.make(scratch.appending(path: name)) }
        surroundings = try Surroundings(
            directory: scratch.appending(path: "elsewhere"), temporary: scratch.appending(path: "temporary"))
        do {
            try suite.files(scratch.appending(path: "base"))
            for (number, input) in suite.inputs.enumerated() {
                let folder = scratch.appending(path: "inputs/\(number)-\(input.kind.rawValue)")
                try Folder.make(folder.appending(path: "output"))
                try input.fill(folder.appending(path: "output"))
                inputs.append(try seal(folder, input))
                Folder.setWritable(folder, false)
            }
            try surroundings.enter()
        } catch {
            try? FileManager.default.removeItem(at: scratch)
            throw error
        }
        Crash.watch()
    }

    func close() {
        surroundings.leave()
        Folder.setWritable(scratch, true)
        try? FileManager.default.removeItem(at: scratch)
    }

    /// Gives an artifact the receipt that its maker would have written.
    func seal(_ folder: URL, _ input: StageConformance.Input) throws -> StageRequest.Input {
        let members = try Receipt.members(of: folder.appending(path: "output")) { _ in true }
        let receipt = Receipt(
            job: id, stage: folder.lastPathComponent, plugin: "conformance", pluginVersion: 1,
            kind: input.kind.rawValue, key: Digest(of: folder.lastPathComponent),
            attempt: "work/\(id)/\(folder.lastPathComponent)/attempts/1-1", members: members, summary: input.summary,
            inputs: [])
        try DurableFile.write(try receipt.sealed(), to: folder.appending(path: "receipt.json"))
        return try FileArtifacts(imports: scratch.appending(path: "imports")).input(folder.path)
    }

    /// Checks one respect; false where nothing more can be checked.
    func check(_ aspect: StageConformance.Aspect, _ found: inout Findings) -> Bool {
        do {
            switch aspect {
            case .options: try checkOptions(&found)
            case .checkpoint: try checkCheckpoint(&found)
            case .cancellation: try checkCancellation(&found)
            case .progress: try checkProgress(&found)
            case .outputs: try checkOutputs(&found)
            case .isolation: try checkIsolation(&found)
            case .determinism: try checkDeterminism(&found)
            case .errors: try checkErrors(&found)
            }
            return true
        } catch let end as Supervised.End {
            found.add("\(end)")
            return false
        } catch {
            found.add("\(error)")
            return true
        }
    }

    /// The run that nothing disturbs: what others are held against.
    func reference() throws -> Attempt {
        if let undisturbed { return undisturbed }
        let whole = try attempt("undisturbed", keepsCheckpoints: true)
        guard whole.isDone else {
            throw Failure("undisturbed, the stage does not come to its end: \(whole.end)", cause: .defect)
        }
        undisturbed = whole
        return whole
    }

    /// The stage as the runner would start it, with the options of the suite.
    func resolved() throws -> ResolvedJob.Stage { try resolve(try OptionLines(parsing: suite.options)).get() }

    func resolve(_ options: OptionLines) -> Result<ResolvedJob.Stage, Diagnostics> {
        let manifest = JobText(plugin: plugin.name, inputs: inputs, options: options)
        return ManifestValidation.validate(
            Data(manifest.text.utf8), file: JobText.file,
            context: ManifestContext(base: scratch.appending(path: "base")),
            catalog: catalog
        ).map { $0.stages[0] }
    }
}
