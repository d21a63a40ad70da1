import Basics
public import Foundation
public import Manifest
import Spool

/// Checks a manifest against the plugins there are.
public enum ManifestValidation {
    /// The resolved job, or everything that is wrong with the manifest and the files it refers to.
    ///
    /// - Parameters:
    ///   - file: what diagnostics call the manifest.
    ///   - context: what it reads besides itself.
    public static func validate(_ manifest: Data, file: String, context: ManifestContext, catalog: StageCatalog)
        -> Result<ResolvedJob, Diagnostics>
    {
        let diagnosis = Diagnosis()
        let base = context.base
        guard let job = JobManifest(parsing: manifest, file: file, context: context, diagnosis: diagnosis) else {
            return .failure(Diagnostics(diagnosis.diagnostics))
        }
        var resolved: [String: ResolvedJob.Stage] = [:]
        let users = Dictionary(job.stages.map { ($0.name, $0.uses) }, uniquingKeysWith: { first, _ in first })
        for stage in job.stages {
            if Spool.reservedStageNames.contains(stage.name) {
                diagnosis.report(
                    file: file, mark: stage.mark, "a stage cannot be called '\(stage.name)'",
                    remedy: "choose another name")
            }
            guard let plugin = catalog.plugin(named: stage.uses) else {
                unknownPlugin(stage, file: file, catalog, diagnosis)
                continue
            }
            let needs = stage.needs.map { need in
                Input(need: need, kind: kind(of: need, users, file: file, base: base, catalog, diagnosis))
            }
            checkInputs(needs, of: stage, plugin, job, file: file, catalog, diagnosis)
            guard stage.hasOptions else { continue }
            let reader = ConfigReader(
                stage.with, mark: stage.mark, file: stage.mark.source?.name ?? file, baseDirectory: base,
                diagnosis: diagnosis)
            guard let options = plugin.encodedOptions(reader) else { continue }
            resolved[stage.name] = ResolvedJob.Stage(
                name: stage.name, plugin: plugin.name, pluginVersion: plugin.version, options: options,
                needs: needs.map { absolute($0.need.reference, base: base) },
                consumes: plugin.consumes, produces: plugin.produces, threads: stage.threads ?? job.threads,
                reuse: plugin.reuse, rules: stage.rules)
        }
        guard diagnosis.isEmpty else { return .failure(Diagnostics(diagnosis.diagnostics)) }
        return .success(
            ResolvedJob(
                job: job.job, description: job.description, seed: job.seed, rules: job.rules,
                stages: job.order().compactMap { resolved[$0.name] },
                variables: job.variables, included: job.included))
    }

    /// The same of a manifest in a file, whatever stands there.
    ///
    /// - Parameters:
    ///   - path: the file, as it was named in the folder `here`.
    ///   - name: what diagnostics call it.
    public static func validate(
        path: String, from here: URL, name: String, context: ManifestContext, catalog: StageCatalog
    ) -> Result<ResolvedJob, Diagnostics> {
        if let problem = pathProblem(path, base: here, directory: false) {
            return .failure(
                Diagnostics([
                    Diagnostic(
                        file: name, mark: Mark(line: 1, column: 1), message: problem.message, remedy: problem.remedy)
                ]))
        }
        let url = Manifest.resolve(path, base: here)
        let data: Data
        do { data = try YAMLFile.read(url, name: name) } catch { return .failure(error) }
        var context = context
        context.url = url
        return validate(data, file: name, context: context, catalog: catalog)
    }

    private static func unknownPlugin(
        _ stage: JobManifest.Stage, file: String, _ catalog: StageCatalog, _ diagnosis: Diagnosis
    ) {
        let known = catalog.names.sorted().joined(separator: ", ")
        diagnosis.report(
            file: file, mark: stage.usesMark, "there is no stage plugin '\(shown(stage.uses))'",
            remedy: nearestName(stage.uses, among: catalog.names).map { "did you mean '\($0)'?" }
                ?? "plugins here: \(known)")
    }

    /// A need, with what it gives as far as that is known: kinds of other jobs' stages show when the stage runs.
    private struct Input {
        var need: JobManifest.Need
        var kind: ArtifactKind?
    }

    /// - Parameter users: the plugin of each stage.
    private static func kind(
        of need: JobManifest.Need, _ users: [String: String], file: String, base: URL, _ catalog: StageCatalog,
        _ diagnosis: Diagnosis
    ) -> ArtifactKind? {
        switch need.reference {
        case .stage(let name):
            return users[name].flatMap { catalog.plugin(named: $0)?.produces }
        case .otherJob: return nil
        case .file(let path):
            let full = Manifest.resolve(path, base: base).path
            if BundleArtifact.split(full) == nil, let problem = pathProblem(path, base: base, directory: nil) {
                diagnosis.report(file: file, mark: need.mark, problem.message, remedy: problem.remedy)
                return nil
            }
            do { return try FileArtifact.kind(at: full) } catch {
                let failure = error as? Failure
                diagnosis.report(
                    file: file, mark: need.mark, "'\(shown(path))': \(failure?.what ?? "\(error)")",
                    remedy: failure?.remedy)
                return nil
            }
        }
    }

    private static func absolute(_ reference: InputReference, base: URL) -> InputReference {
        guard case .file(let path) = reference else { return reference }
        return .file(Manifest.resolve(path, base: base).path)
    }

    /// What a stage needs must be what its plugin reads, one of a kind.
    private static func checkInputs(
        _ inputs: [Input], of stage: JobManifest.Stage, _ plugin: any StagePlugin, _ job: JobManifest, file: String,
        _ catalog: StageCatalog, _ diagnosis: Diagnosis
    ) {
        var given: [ArtifactKind: InputReference] = [:]
        for input in inputs {
            guard let kind = input.kind else { continue }
            let name = input.need.reference
            guard plugin.consumes.contains(where: { $0.kind == kind }) else {
                let reads = plugin.consumes.map(\.kind.rawValue).joined(separator: ", ")
                diagnosis.report(
                    file: file, mark: input.need.mark,
                    "'\(name)' gives \(kind.withArticle), which '\(plugin.name)' does not read",
                    remedy: reads.isEmpty ? "remove 'needs': '\(plugin.name)' reads no input" : "it reads: \(reads)")
                continue
            }
            if let first = given[kind], first != name, !plugin.consumes.takesSeveral(kind) {
                diagnosis.report(
                    file: file, mark: input.need.mark,
                    "'\(name)' gives \(kind.withArticle), and so does '\(first)': '\(plugin.name)' reads one",
                    remedy: "remove one of them")
            }
            given[kind] = name
        }
        guard stage.hasAllNeeds else { return }
        for requirement in plugin.consumes {
            let kind = requirement.kind
            // What another job's stage makes may be of any kind.
            let count = inputs.count { $0.kind == nil || $0.kind == kind }
            guard let lack = requirement.lack(given: count) else { continue }
            let sources = job.stages.filter { other in
                other.name != stage.name && catalog.plugin(named: other.uses)?.produces == kind
                    && !inputs.contains { $0.need.reference == .stage(other.name) }
            }.map { "'\($0.name)'" }
            let others = catalog.plugins.filter { $0.produces == kind && $0.name != plugin.name }
            let makers = (others.isEmpty ? [plugin] : others).map { "'\($0.name)'" }
            diagnosis.report(
                file: file, mark: stage.mark, "'\(stage.name)' needs \(lack)",
                remedy: sources.isEmpty
                    ? "add a stage that makes one (uses: \(makers.joined(separator: " or "))), and name it in 'needs'"
                    : "add \(sources.joined(separator: requirement.least - count > 1 ? ", " : " or ")) to its 'needs'")
        }
    }
}
