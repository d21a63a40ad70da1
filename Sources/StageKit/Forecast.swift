public import Basics
public import Foundation
import Manifest

/// What a stage is expected to cost, reckoned before it runs: for `jdnas plan`, and for whether the disk has room for it.
public struct Forecast: Sendable, Hashable, Codable {
    /// A part of the work.
    public struct Phase: Sendable, Hashable, Codable {
        /// Multiply-accumulates that it computes, forward and backward.
        public var multiplyAccumulates: Double
        /// Seconds of one thread for what multiply-accumulates do not tell: pictures that are decoded, boxes that are sorted.
        public var seconds: Double
        /// Seconds after which it is ended, where there is such a limit.
        public var limit: Double?

        public init(multiplyAccumulates: Double, seconds: Double, limit: Double? = nil) {
            self.multiplyAccumulates = multiplyAccumulates
            self.seconds = seconds
            self.limit = limit
        }

        func time(rate: (_ threads: Int) -> Double, threads: Int) -> Double {
            let products = multiplyAccumulates > 0 ? multiplyAccumulates / rate(threads) : 0
            return min(limit ?? .infinity, products + seconds / Double(max(1, threads)))
        }
    }

    public var phases: [Phase]
    /// What its result's summary will tell, so far as later stages' costs depend on it.
    public var summary: JSON
    /// Bytes that it has on the spool's disk at most: its result, its checkpoints, what it writes on the way. Nil where it is not
    /// worth a word.
    public var disk: Int?

    public init(_ phases: [Phase], summary: JSON = .null, disk: Int? = nil) {
        self.phases = phases
        self.summary = summary
        self.disk = disk
    }

    /// The same with this need of room on the disk, in bytes; whatever sizes files and receipts tell, it is a number.
    public func needing(disk: Double) -> Forecast {
        var forecast = self
        forecast.disk = Int(min(max(disk, 0), 1e18))
        return forecast
    }
}

/// An artifact so far as it is known before its stage has run.
public struct Prospect: Sendable, Hashable, Codable {
    public var kind: ArtifactKind
    /// Its folder, where it is there already.
    public var directory: String?
    /// Its receipt's summary, or what a forecast says of it.
    public var summary: JSON

    public init(kind: ArtifactKind, directory: String? = nil, summary: JSON = .null) {
        self.kind = kind
        self.directory = directory
        self.summary = summary
    }

    public var url: URL? { directory.map { URL(filePath: $0) } }
}

extension [Prospect] {
    public func first(_ kind: ArtifactKind) -> Prospect? { first { $0.kind == kind } }
}

/// What `jdnas-stage forecast` is asked: a job, and what is known of its stages' inputs.
public struct ForecastQuery: Sendable, Codable {
    public var job: ResolvedJob
    /// Threads of stages that do not say.
    public var threads: Int
    /// Artifacts that are there, by the reference that needs name them by.
    public var known: [String: Prospect]

    public init(job: ResolvedJob, threads: Int, known: [String: Prospect]) {
        self.job = job
        self.threads = threads
        self.known = known
    }
}

/// Its answer: by stage, of those that something can be said of.
public struct ForecastAnswer: Sendable, Hashable, Codable {
    public var stages: [String: StageForecast]
    /// Why stages could not be reckoned: mostly what they would fail at, too.
    public var doubts: [String: String]

    public init(_ stages: [String: StageForecast] = [:], doubts: [String: String] = [:]) {
        self.stages = stages
        self.doubts = doubts
    }
}

/// What a stage may cost on this machine.
public struct StageForecast: Sendable, Hashable, Codable {
    public var seconds: Double
    /// Bytes on the spool's disk.
    public var disk: Int?

    public init(seconds: Double, disk: Int? = nil) {
        self.seconds = seconds
        self.disk = disk
    }
}

extension ForecastQuery {
    /// Goes through the stages in their order; each is told what the forecasts of those before say of its inputs.
    ///
    /// - Parameter rate: multiply-accumulates a second, of so many threads.
    public func answer(_ catalog: StageCatalog, rate: (_ threads: Int) -> Double) -> ForecastAnswer {
        var known = known
        var answer = ForecastAnswer()
        for stage in job.stages where known[stage.name] == nil {
            // A forecast is a help: where none can be made of a stage, its times are missing.
            let inputs = stage.needs.compactMap { known[$0.description] }
            guard inputs.count == stage.needs.count, let plugin = catalog.plugin(named: stage.plugin) else { continue }
            let forecast: Forecast
            do {
                guard let made = try plugin.forecast(encoded: stage.options, inputs) else { continue }
                forecast = made
            } catch {
                let failure = error as? Failure
                answer.doubts[stage.name] = [failure?.what ?? "\(error)", failure?.remedy].compactMap(\.self)
                    .joined(separator: ": ")
                continue
            }
            let threads = stage.threads ?? threads
            answer.stages[stage.name] = StageForecast(
                seconds: forecast.phases.reduce(0) { $0 + $1.time(rate: rate, threads: threads) }, disk: forecast.disk)
            known[stage.name] = Prospect(kind: stage.produces, summary: forecast.summary)
        }
        return answer
    }
}

extension StagePlugin {
    /// Of options that were encoded by `encodedOptions`.
    func forecast(encoded: JSON, _ inputs: [Prospect]) throws -> Forecast? {
        try forecast(try encoded.decode(Options.self, at: "options of \(name)"), inputs)
    }
}
