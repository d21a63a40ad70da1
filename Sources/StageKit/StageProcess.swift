import Basics
public import Foundation
import Spool

/// One stage in a process of its own: what `jdnas-stage run REQUEST` does.
public enum StageProcess {
    /// How the process ends, for the runner.
    public enum Exit {
        public static let done: Int32 = 0
        /// The user's input is wrong: another attempt would fail too.
        public static let input: Int32 = 65
        /// A defect of the program.
        public static let defect: Int32 = 70
        /// The machine failed.
        public static let system: Int32 = 74
        /// Stopped by SIGTERM; goes on from its checkpoint.
        public static let cancelled: Int32 = 75
    }

    /// Checks the inputs, runs the stage, checks the output, and writes `receipt.json` into the attempt's folder, last. On an
    /// error `failure.json` (a `Failure`) is there instead. Returns the exit code.
    public static func run(_ requestFile: URL, catalog: StageCatalog) -> Int32 {
        Cancellation.installSignalHandler()
        return run(requestFile, catalog: catalog, cancellation: .process)
    }

    /// The same where `cancellation` stops it instead of SIGTERM, and `watch` looks on.
    public static func run(
        _ requestFile: URL, catalog: StageCatalog, cancellation: Cancellation,
        log: @escaping @Sendable (String) -> Void = StageContext.standardLog, watch: StageWatch? = nil
    ) -> Int32 {
        let start = ContinuousClock.now
        do {
            let request = try StageRequest.read(requestFile)
            let plugin = try plugin(of: request, catalog)
            let inputs = try request.inputs.map(verified)
            let context = try StageContext(
                job: request.job, stage: request.stage, seed: request.seed, threads: request.threads, inputs: inputs,
                attempt: URL(filePath: request.attempt), resume: request.resume.map { URL(filePath: $0) },
                cancellation: cancellation, log: log, watch: watch)
            try attempt(request, plugin, context, watch, since: start)
            return Exit.done
        } catch {
            return end(with: error, in: requestFile.deletingLastPathComponent())
        }
    }

    /// Leaves `failure.json` in a folder, tells the error on standard error, and gives the exit code for it.
    static func end(with error: any Error, in folder: URL) -> Int32 {
        let failure = failure(for: error)
        let line = "\(failure)\n"
        FileHandle.standardError.write(Data(line.utf8))
        let file = folder.appending(path: "failure.json")
        if let json = try? JSON(encoding: failure) { try? DurableFile.write(json.prettyText, to: file) }
        return exitCode(failure.cause)
    }

    private static func attempt(
        _ request: StageRequest, _ plugin: any StagePlugin, _ context: StageContext, _ watch: StageWatch?,
        since start: ContinuousClock.Instant
    ) throws {
        if let resume = context.checkpoint.resumeDirectory {
            context.log("\(request.stage): goes on from checkpoint \(resume.lastPathComponent)")
        }
        try requireRoom(for: request, plugin, context)
        try plugin.run(encoded: request.options, context)
        watch?(.end(marked: context.output.marked))
        let elapsed = { (ContinuousClock.now - start) / .seconds(1) }
        try publish(request, context, kind: plugin.produces, elapsed: elapsed())
        context.log("\(request.stage): done in \(spanText(seconds: elapsed()))")
    }

    /// Hours of work are better not begun than ended by a full disk.
    private static func requireRoom(
        for request: StageRequest, _ plugin: any StagePlugin, _ context: StageContext
    ) throws {
        let inputs = context.inputs.artifacts.map {
            Prospect(kind: $0.kind, directory: $0.directory.path, summary: $0.summary)
        }
        // Where none can be made of it, nothing is asked for; what the manifest asks for, the runner has seen to.
        guard request.hasOwnRoom != true, let need = (try? plugin.forecast(encoded: request.options, inputs))?.disk,
            let free = freeBytes(at: request.attempt), free < need
        else { return }
        throw Failure.noRoom(need: need, free: free, at: request.attempt)
    }

    private static func plugin(of request: StageRequest, _ catalog: StageCatalog) throws -> any StagePlugin {
        guard let plugin = catalog.plugin(named: request.plugin) else {
            throw Failure(
                "there is no stage plugin '\(request.plugin)'", at: request.stage,
                remedy: "use jdnas and jdnas-stage of one build", cause: .defect)
        }
        guard plugin.version == request.pluginVersion else {
            throw Failure(
                "the job was accepted for version \(request.pluginVersion) of '\(plugin.name)'; this is \(plugin.version)",
                at: request.stage, remedy: "submit the job again")
        }
        return plugin
    }

    /// An input whose contents are what they were when they were published.
    private static func verified(_ input: StageRequest.Input) throws -> Artifact {
        let directory = URL(filePath: input.directory)
        var summary: JSON = [:]
        if let file = input.receipt {
            let receipt = try Receipt(reading: URL(filePath: file))
            guard receipt.artifactDigest == input.digest, receipt.kind == input.kind.rawValue else {
                throw changed(input, "its receipt is another one than when this stage was started")
            }
            if let problem = receipt.verify(in: directory).first { throw changed(input, problem) }
            summary = receipt.summary
        } else if Receipt.artifactDigest(of: try Receipt.members(of: directory) { _ in false }) != input.digest {
            throw changed(input, "its contents have changed since this stage was started")
        }
        return Artifact(
            kind: input.kind, directory: directory, digest: input.digest, summary: summary, reference: input.reference)
    }

    private static func changed(_ input: StageRequest.Input, _ problem: String) -> Failure {
        Failure(
            "the input '\(input.reference)' is damaged: \(problem)", at: input.directory,
            remedy: "run the job that made it again; if it came out of a bundle, delete this folder of imports/")
    }

    /// Makes every member durable, then writes the receipt.
    private static func publish(
        _ request: StageRequest, _ context: StageContext, kind: ArtifactKind, elapsed: Double
    ) throws {
        let output = context.output
        let members = try Receipt.members(of: output.directory, inBundle: output.isBundled)
        guard !members.isEmpty else {
            throw Failure("the stage ended without writing anything", at: request.stage, cause: .defect)
        }
        try FolderMember.sync(output.directory)
        guard let job = JobID(request.jobID) else {
            throw Failure("'\(request.jobID)' is no job id", at: request.stage, cause: .defect)
        }
        let attempt = URL(filePath: request.attempt).pathComponents.suffix(5).joined(separator: "/")
        let receipt = Receipt(
            job: job, stage: request.stage, plugin: request.plugin, pluginVersion: request.pluginVersion,
            kind: kind.rawValue, key: request.key, attempt: attempt, members: members, summary: output.summary,
            inputs: request.inputs.map { Receipt.Input(reference: $0.reference, digest: $0.digest) },
            used: .ofThisProcess(elapsed: elapsed))
        let file = URL(filePath: request.attempt).appending(path: "receipt.json")
        try DurableFile.write(try receipt.sealed(), to: file)
    }

    // MARK: Failures

    private static func failure(for error: any Error) -> Failure {
        switch error {
        case let failure as Failure: failure
        case is DecodingError, is EncodingError: Failure("\(error)", cause: .defect)
        default: Failure(foundation: error) ?? Failure("\(error)", cause: .defect)
        }
    }

    private static func exitCode(_ cause: Failure.Cause) -> Int32 {
        switch cause {
        case .input: Exit.input
        case .system: Exit.system
        case .defect: Exit.defect
        case .cancelled: Exit.cancelled
        }
    }
}
