import Basics

/// When a job may run, and what else is to happen with it. Nothing of this changes what its stages give.
public struct JobRules: Sendable, Hashable, Codable {
    /// What becomes of a job's other stages when one has failed.
    public enum OnFailure: String, Sendable, Hashable, Codable, CaseIterable {
        /// The job fails; its running stages are stopped.
        case stop
        /// Stages that do not need the failed one are done first; then the job fails.
        case `continue`
    }

    /// Jobs, by id or name, that have to be done before this one begins.
    public var after: [String]
    /// No two jobs of a spool with the same key run, unless the first one failed.
    public var key: String?
    /// What it begins with, of -100...100; nil for 0. Jobs with a higher one go first.
    public var priority: Int?
    /// Seconds since 1970.
    public var notBefore: Double?
    /// Outside it running stages save their state, and go on when it opens again.
    public var window: DailyWindow?
    public var onFailure: OnFailure
    /// A program and its arguments, called when the job has ended.
    public var onDone: [String]?

    public init(
        after: [String] = [], key: String? = nil, priority: Int? = nil, notBefore: Double? = nil,
        window: DailyWindow? = nil, onFailure: OnFailure = .stop, onDone: [String]? = nil
    ) {
        self.after = after
        self.key = key
        self.priority = priority
        self.notBefore = notBefore
        self.window = window
        self.onFailure = onFailure
        self.onDone = onDone
    }
}

/// What a stage may take, and how often it is tried. Nothing of this changes what it gives.
public struct StageRules: Sendable, Hashable, Codable {
    /// Seconds that its attempts may take together.
    public var timeout: Double?
    public var retries: Retries?
    public var resources: Resources

    /// How many more attempts a stage gets, by what failed; nil where the runner decides.
    public struct Retries: Sendable, Hashable, Codable {
        /// For what the machine did: a killed process, a full disk, a missing library.
        public var infrastructure: Int?
        /// For what the stage did: a crash, a defect, a hang.
        public var stage: Int?
        /// Seconds before the first one; twice as many before each further one.
        public var pause: Double?

        public init(infrastructure: Int? = nil, stage: Int? = nil, pause: Double? = nil) {
            self.infrastructure = infrastructure
            self.stage = stage
            self.pause = pause
        }
    }

    /// What has to be free before it starts.
    public struct Resources: Sendable, Hashable, Codable {
        /// Nil: as many as it has threads.
        public var cpus: Int?
        /// Bytes; also the most that its processes may hold in memory together. Nil: no limit.
        public var memory: Int?
        /// Bytes that the spool's disk must have free.
        public var disk: Int?

        public init(cpus: Int? = nil, memory: Int? = nil, disk: Int? = nil) {
            self.cpus = cpus
            self.memory = memory
            self.disk = disk
        }
    }

    public init(timeout: Double? = nil, retries: Retries? = nil, resources: Resources = Resources()) {
        self.timeout = timeout
        self.retries = retries
        self.resources = resources
    }
}

extension JobRules {
    init(_ reader: ConfigReader) {
        after = reader.strings(
            "after", default: [], count: 0...100,
            help:
                "jobs, by name or id, that have to be done before this one begins; if one of them fails, this one does")
        for name in after where !isLegalName(name) {
            reader.report("after", "'\(shown(name))' is no job", remedy: "give the names or ids of jobs")
        }
        key = reader.optionalString(
            "key", help: "of two jobs with the same key one runs: a second one is refused, unless the first has failed")
        if let key, key.isEmpty || key.utf8.count > 200 {
            reader.report(
                "key", "a key has 1 to 200 bytes, not \(key.utf8.count)", remedy: "choose another, or leave it out")
        }
        priority = reader.optionalInt(
            "priority", in: -100...100,
            help: "jobs with a higher one go first, of equals the earlier; 'jdnas priority' changes it")
        notBefore = reader.optionalMoment(
            "not_before", help: "when the job may begin, by local time; with Z at its end by UTC")
        window = reader.optionalWindow(
            "window",
            help:
                "the part of the day in which its stages run; at its end they save their state, and go on when it opens again"
        )
        onFailure = reader.choice(
            "on_failure", default: OnFailure.stop,
            help: "stop: the job fails with its first stage that does; continue: what does not need it is done first")
        onDone = reader.optionalStrings(
            "on_done", count: 1...100, help: "a program and its arguments, called when the job has ended")
        if let program = onDone?.first, program.isEmpty {
            reader.report("on_done", "the program has no name", remedy: "write 'on_done: [program, argument, …]'")
        }
    }
}

extension StageRules {
    init(_ reader: ConfigReader) {
        timeout = reader.optionalDuration("timeout", help: "how long its attempts may take together")
        if let tries = reader.optionalReader("retries", help: "how often the stage is tried again") {
            retries = Retries(
                infrastructure: tries.optionalInt(
                    "infrastructure", in: 0...100, help: "after what the machine did: killed, disk full"),
                stage: tries.optionalInt("stage", in: 0...100, help: "after what the stage did: a crash, a hang"),
                pause: tries.optionalDuration("pause", help: "before the first time; twice as long each further time"))
        }
        let need = reader.reader("resources", help: "what has to be free before the stage starts")
        resources = Resources(
            cpus: need.optionalInt("cpus", in: 1...4096, help: "processors; as many as threads if left out"),
            memory: need.optionalSize("memory", help: "memory, and the most that the stage may use"),
            disk: need.optionalSize("disk", help: "room on the spool's disk"))
    }
}
