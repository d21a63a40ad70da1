/// What a job would do if it were handed in now: `jdnas plan`.
public struct JobPlan: Sendable, Codable, Hashable {
    public struct Stage: Sendable, Codable, Hashable {
        public enum Action: String, Sendable, Codable {
            case run, cached
            /// It needs something that is not there, and never will be.
            case impossible
        }

        public var name: String
        public var plugin: String
        public var action: Action
        /// In one line.
        public var why: String
        /// How long it may take; nil where nothing is known to go by.
        public var seconds: Double?
        /// What that goes by: `JOB/STAGE`, the same or with differences; or `forecast`, reckoned from what it computes.
        public var basis: String?
        /// Whether nothing quite the same has run.
        public var isRough = false

        /// Bytes that it needs on the spool's disk, as reckoned; nil where that is not known, or not worth a word.
        public var disk: Int?
        /// Why it may fail, as far as that shows beforehand.
        public var doubt: String?

        static let forecast = "forecast"
    }

    public var job: String
    public var stages: [Stage]

    /// Whether it can come to its end.
    public var isPossible: Bool { stages.allSatisfy { $0.action != .impossible } }

    /// Seconds of the stages that would run, and how many of those nothing is known of.
    public var estimate: (seconds: Double, unknown: Int) {
        let open = stages.filter { $0.action == .run }
        return (open.compactMap(\.seconds).reduce(0, +), open.count { $0.seconds == nil })
    }
}
