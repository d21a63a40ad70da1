public import Basics
public import Manifest

/// A validated job: every option read, every default filled in, stages in an order in which they can run.
public struct ResolvedJob: Sendable, Hashable, Codable {
    public struct Stage: Sendable, Hashable, Codable {
        public var name: String
        public var plugin: String
        public var pluginVersion: Int
        /// As the plugin encodes them.
        public var options: JSON
        /// `file:` references are absolute here.
        public var needs: [InputReference]
        public var consumes: [InputRequirement]
        public var produces: ArtifactKind
        /// Nil: the runner decides.
        public var threads: Int?
        /// Nil, as in jobs of earlier versions: never.
        public var reuse: Reuse?
        /// What it may take, and how often it is tried; nil, as in jobs of earlier versions: as the runner decides.
        public var rules: StageRules?

        public init(
            name: String, plugin: String, pluginVersion: Int, options: JSON, needs: [InputReference] = [],
            consumes: [InputRequirement] = [], produces: ArtifactKind, threads: Int? = nil,
            reuse: Reuse? = nil, rules: StageRules? = nil
        ) {
            self.name = name
            self.plugin = plugin
            self.pluginVersion = pluginVersion
            self.options = options
            self.needs = needs
            self.consumes = consumes
            self.produces = produces
            self.threads = threads
            self.reuse = reuse
            self.rules = rules
        }
    }

    public static let currentFormat = "jdnas-resolved/1"

    public var format = ResolvedJob.currentFormat
    public var job: String
    public var description: String?
    public var seed: UInt64
    /// When the job may run; nil, as in jobs of earlier versions: at any time.
    public var rules: JobRules?
    public var stages: [Stage]
    /// What the manifest's variables stood for, and the files that it included; nil for none. Stages hold all of it: this
    /// tells where it came from.
    public var variables: [String: JSON]?
    public var included: [IncludedFile]?

    public init(
        job: String, description: String? = nil, seed: UInt64, rules: JobRules? = nil, stages: [Stage],
        variables: [String: JSON] = [:],
        included: [IncludedFile] = []
    ) {
        self.rules = rules
        self.job = job
        self.description = description
        self.seed = seed
        self.stages = stages
        self.variables = variables.isEmpty ? nil : variables
        self.included = included.isEmpty ? nil : included
    }
}
