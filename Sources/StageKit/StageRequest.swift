public import Basics
public import Foundation
import Manifest

/// What the runner asks of a stage's process, as `request.json`.
public struct StageRequest: Sendable, Hashable, Codable {
    /// An artifact to read.
    public struct Input: Sendable, Hashable, Codable {
        /// As the manifest names it.
        public var reference: String
        public var kind: ArtifactKind
        /// The folder of its members, absolute.
        public var directory: String
        /// What its receipt says; checked before the stage starts.
        public var digest: Digest
        /// The receipt, absolute; nil for a folder that has none (`file:`).
        public var receipt: String?

        public init(
            reference: String, kind: ArtifactKind, directory: String, digest: Digest, receipt: String? = nil
        ) {
            self.reference = reference
            self.kind = kind
            self.directory = directory
            self.digest = digest
            self.receipt = receipt
        }
    }

    public static let currentFormat = "jdnas-request/1"

    public var format = StageRequest.currentFormat
    public var jobID: String
    public var job: String
    public var stage: String
    public var plugin: String
    public var pluginVersion: Int
    public var options: JSON
    public var inputs: [Input]
    /// The job's seed; the stage splits it by its own name.
    public var seed: UInt64
    public var threads: Int
    /// The attempt's folder, absolute.
    public var attempt: String
    /// The checkpoint to go on from (`CheckpointFolder.newest(ofAttempts:)`), absolute.
    public var resume: String?
    /// Whether the manifest says how much room the stage needs on the disk, so that the plugin is not asked; nil for no.
    public var hasOwnRoom: Bool?
    /// Equal keys, equal results.
    public var key: Digest

    public init(
        jobID: String, job: String, seed: UInt64, stage: ResolvedJob.Stage, inputs: [Input], threads: Int,
        attempt: String, resume: String? = nil
    ) {
        self.jobID = jobID
        self.job = job
        self.stage = stage.name
        plugin = stage.plugin
        pluginVersion = stage.pluginVersion
        options = stage.options
        self.inputs = inputs
        self.seed = seed
        self.threads = threads
        self.attempt = attempt
        self.resume = resume
        hasOwnRoom = stage.rules?.resources.disk == nil ? nil : true
        key = StageRequest.key(stage: stage, seed: seed, inputs: inputs, threads: threads)
    }

    /// The digest of everything that a result depends on: plugin and version, options, inputs' contents, seed, the stage's
    /// name (it splits the seed), threads. Never a time.
    public static func key(stage: ResolvedJob.Stage, seed: UInt64, inputs: [Input], threads: Int) -> Digest {
        let parts: JSON = [
            "format": "jdnas-key/1", "plugin": .string(stage.plugin), "version": .integer(stage.pluginVersion),
            "options": stage.options, "stage": .string(stage.name), "seed": .string(String(seed)),
            "threads": .integer(threads),
            "inputs": .array(
                inputs.map { ["kind": .string($0.kind.rawValue), "digest": .string($0.digest.hex)] }),
        ]
        return Digest(of: parts.canonicalText)
    }

    public static func read(_ url: URL) throws -> StageRequest {
        let data: Data
        do { data = try Data(contentsOf: url) } catch {
            throw Failure(
                "cannot read the request", at: url.path, remedy: "stages are started by 'jdnas run'", cause: .system)
        }
        let json = try JSON(parsing: data, at: url.path)
        guard json["format"]?.string == currentFormat else {
            throw Failure(
                "not a request of this version", at: url.path, remedy: "use jdnas and jdnas-stage of one build")
        }
        return try json.decode(StageRequest.self, at: url.path)
    }

    public func write(to url: URL) throws { try DurableFile.write(try JSON(encoding: self).prettyText, to: url) }
}
