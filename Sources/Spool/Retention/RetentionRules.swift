/// Which jobs that have ended stay. A job stays if any rule keeps it; where no rule is given for its kind, it stays.
public struct RetentionRules: Sendable, Hashable {
    /// Jobs that ended within so many days.
    public var keepDays: Int?
    /// The same for jobs that failed or were refused; without it `keepDays` holds for them too.
    public var keepFailedDays: Int?
    /// The latest so many jobs, whether they failed or not.
    public var keepJobs: Int?
    /// Whether the bundles of jobs that go, go too.
    public var removesBundles = false

    public init(
        keepDays: Int? = nil, keepFailedDays: Int? = nil, keepJobs: Int? = nil, removesBundles: Bool = false
    ) {
        self.keepDays = keepDays
        self.keepFailedDays = keepFailedDays
        self.keepJobs = keepJobs
        self.removesBundles = removesBundles
    }

    /// Why a job may go; nil if it stays.
    ///
    /// - Parameters:
    ///   - seconds: since it ended.
    ///   - rank: how many ended after it.
    func reason(isDone: Bool, endedBefore seconds: Double, rank: Int) -> String? {
        let days = isDone ? keepDays : keepFailedDays ?? keepDays
        if days == nil, keepJobs == nil { return nil }
        if let days, seconds < Double(days) * 86_400 { return nil }
        if let keepJobs, rank < keepJobs { return nil }
        let age = Int(seconds / 86_400)
        return "\(isDone ? "done" : "failed") \(age) day\(age == 1 ? "" : "s") ago"
    }
}
