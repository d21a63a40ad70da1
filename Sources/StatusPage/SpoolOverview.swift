public import Spool

/// What the status page shows of a spool: as much as a page can hold, and how much more there is.
///
/// It holds moments, no ages: it is the same as long as nothing has happened.
public struct SpoolOverview: Sendable, Hashable {
    /// The spool's folder.
    public var place: String
    public var runner: RunnerView
    /// Names of files that nobody has looked at yet, sorted.
    public var inbox = Excerpt<String>()
    /// Jobs under way, in the order in which they go on.
    public var live = Excerpt<LiveJob>()
    /// In the order in which they will be taken.
    public var queue = Excerpt<QueuedJob>()
    /// How many of all these are held.
    public var heldCount = 0
    /// The latest first.
    public var ended = Excerpt<EndedJob>()
    public var failedCount = 0
    /// The latest first.
    public var rejected = Excerpt<RejectedManifest>()
    /// What runners had to say, the latest first.
    public var notes: [RunnerNote] = []

    public init(place: String, runner: RunnerView) {
        self.place = place
        self.runner = runner
    }
}

/// The first of some things, and how many there are.
public struct Excerpt<Element: Sendable & Hashable>: Sendable, Hashable {
    public var shown: [Element]
    public var count: Int

    public init(_ shown: [Element] = [], of count: Int? = nil) {
        self.shown = shown
        self.count = count ?? shown.count
    }

    public var more: Int { max(0, count - shown.count) }
}

/// Who works on the spool.
public enum RunnerView: Sendable, Hashable {
    case nobody
    case works(Spool.RunnerSigns)
    /// It has ended, and said so.
    case ended(Spool.RunnerSigns, at: Timestamp)
}

/// A file of the spool that the page links to.
public struct PageLink: Sendable, Hashable {
    public var title: String
    /// Relative to the spool, with `/`.
    public var path: String

    public init(_ title: String, _ path: String) {
        self.title = title
        self.path = path
    }
}

/// A job in `running/`.
public struct LiveJob: Sendable, Hashable {
    public var id: JobID
    public var description: String?
    public var started: Timestamp?
    public var wishes = Wishes()
    /// In the manifest's order.
    public var stages: [StageView] = []

    public init(id: JobID) { self.id = id }

    var running: [StageView] { stages.filter { $0.state == .running } }
}

/// A stage of a live job.
public struct StageView: Sendable, Hashable {
    public var name: String
    public var plugin: String?
    /// Stages of the same job.
    public var needs: [String] = []
    /// What it needs from elsewhere, as the manifest names it.
    public var foreignNeeds: [String] = []
    public var state = StageStatus.State.waiting
    /// 0…1.
    public var fraction = 0.0
    public var message = ""
    /// Seconds to go, while it runs.
    public var eta: Double?
    /// Numbers of the moment, by name.
    public var metrics: [String: Double] = [:]
    public var table: ProgressFile.Table?
    public var attempts = 0
    /// Why the attempt before this one ended, if there was one.
    public var earlierReason: String?
    /// Seconds that it took, once it is done.
    public var seconds: Double?
    /// Whether its result was taken from an earlier job.
    public var isReused = false
    /// The newest attempt's log.
    public var log: PageLink?

    public init(name: String) { self.name = name }
}

/// A job that waits.
public struct QueuedJob: Sendable, Hashable {
    public enum Wait: Sendable, Hashable {
        case turn
        case held
        /// It ends as soon as a runner looks at it.
        case cancelled
        /// For a stage of another job, as the manifest names it.
        case other(String)
    }

    public var id: JobID
    public var submitted: Timestamp?
    public var priority = 0
    public var wait = Wait.turn
    public var stageCount = 0

    public init(id: JobID) { self.id = id }
}

/// A job in `done/` or `failed/`.
public struct EndedJob: Sendable, Hashable {
    public var id: JobID
    public var isDone: Bool
    public var started: Timestamp?
    public var finished: Timestamp?
    /// What its stages want people to see.
    public var headline: [String] = []
    /// Its HTML results.
    public var pages: [PageLink] = []
    public var bundle: PageLink?
    /// Why it failed.
    public var reason: String?
    public var failedStage: String?
    /// The log of the attempt that failed, and its last lines.
    public var log: PageLink?
    public var lastLines: [String] = []

    public init(id: JobID, isDone: Bool) {
        self.id = id
        self.isDone = isDone
    }
}

/// A manifest in `rejected/`.
public struct RejectedManifest: Sendable, Hashable {
    /// Its file's name.
    public var name: String
    public var diagnostics: String
    public var file: PageLink?

    public init(name: String, diagnostics: String, file: PageLink? = nil) {
        self.name = name
        self.diagnostics = diagnostics
        self.file = file
    }
}
