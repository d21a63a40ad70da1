public import Foundation
public import Manifest
import Spool

/// Checks a manifest against the plugins there are.
public enum ManifestValidation {
    /// The resolved job, or everything that is wrong with the manifest and the files it refers to.
    ///
    /// - Parameters:
    ///   - file: what diagnostics call the manifest.
    ///   - base: what relative paths in it refer to.
    public static func validate(_ manifest: Data, file: String, base: URL, catalog: StageCatalog)
        -> Result<ResolvedJob, Diagnostics>
    {
        let diagnosis = Diagnosis()
        guard let job = JobManifest(parsing: manifest, file: file, diagnosis: diagnosis) else {
            return .failure(Diagnostics(diagnosis.diagnostics))
        }
        var resolved: [String: ResolvedJob.Stage] = [:]
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
            checkInputs(stage, plugin, job, file: file, catalog, diagnosis)
            let needs = stage.needs.map { resolve($0, file: file, base: base, diagnosis) }
            let reader = ConfigReader(
                stage.with, mark: stage.mark, file: file, baseDirectory: base, diagnosis: diagnosis)
            guard let options = plugin.encodedOptions(reader) else { continue }
            resolved[stage.name] = ResolvedJob.Stage(
                name: stage.name, plugin: plugin.name, pluginVersion: plugin.version, options: options, needs: needs,
                consumes: plugin.consumes, produces: plugin.produces, threads: stage.threads ?? job.threads)
        }
        guard diagnosis.isEmpty else { return .failure(Diagnostics(diagnosis.diagnostics)) }
        return .success(
            ResolvedJob(
                job: job.job, description: job.description, seed: job.seed,
                stages: job.order().compactMap { resolved[$0.name] }))
    }

    private static func unknownPlugin(
        _ stage: JobManifest.Stage, file: String, _ catalog: StageCatalog, _ diagnosis: Diagnosis
    ) {
        let known = catalog.names.sorted().joined(separator: ", ")
        diagnosis.report(
            file: file, mark: stage.usesMark, "there is no stage plugin '\(stage.uses)'",
            remedy: nearestName(stage.uses, among: catalog.names).map { "did you mean '\($0)'?" }
                ?? "plugins here: \(known)")
    }

    /// What a stage needs must be what its plugin reads. Kinds of other jobs' stages and of files show when it runs.
    private static func checkInputs(
        _ stage: JobManifest.Stage, _ plugin: any StagePlugin, _ job: JobManifest, file: String,
        _ catalog: StageCatalog, _ diagnosis: Diagnosis
    ) {
        var given: Set<ArtifactKind> = []
        var allKnown = true
        for need in stage.needs {
            guard case .stage(let name) = need.reference, let source = job.stages.first(where: { $0.name == name }),
                let kind = catalog.plugin(named: source.uses)?.produces
            else {
                allKnown = false
                continue
            }
            given.insert(kind)
            guard !plugin.consumes.contains(where: { $0.kind == kind }) else { continue }
            let reads = plugin.consumes.map(\.kind.rawValue).joined(separator: ", ")
            diagnosis.report(
                file: file, mark: need.mark,
                "'\(name)' gives \(kind.withArticle), which '\(plugin.name)' does not read",
                remedy: reads.isEmpty ? "remove 'needs': '\(plugin.name)' reads no input" : "it reads: \(reads)")
        }
        guard allKnown else { return }
        for requirement in plugin.consumes where requirement.required && !given.contains(requirement.kind) {
            let kind = requirement.kind
            let sources = job.stages.filter { catalog.plugin(named: $0.uses)?.produces == kind }.map { "'\($0.name)'" }
            let makers = catalog.plugins.filter { $0.produces == kind }.map { "'\($0.name)'" }
            diagnosis.report(
                file: file, mark: stage.mark, "'\(stage.name)' needs \(kind.withArticle)",
                remedy: sources.isEmpty
                    ? "add a stage that makes one (uses: \(makers.joined(separator: " or "))), and name it in 'needs'"
                    : "add \(sources.joined(separator: " or ")) to its 'needs'")
        }
    }

    private static func resolve(
        _ need: JobManifest.Need, file: String, base: URL, _ diagnosis: Diagnosis
    ) -> InputReference {
        guard case .file(let path) = need.reference else { return need.reference }
        if let problem = pathProblem(path, base: base, directory: nil) {
            diagnosis.report(file: file, mark: need.mark, problem.message, remedy: problem.remedy)
        }
        return .file(Manifest.resolve(path, base: base).path)
    }
}
