import Glibc

/// What a stage's process has used of the machine, with all that it had started and waited for (getrusage(2)).
public struct ResourceUse: Codable, Sendable, Hashable {
    /// From its start to its end.
    public var seconds: Double
    public var userSeconds: Double
    public var systemSeconds: Double
    /// Largest resident set of one process.
    public var peakBytes: Int

    public init(seconds: Double, userSeconds: Double, systemSeconds: Double, peakBytes: Int) {
        self.seconds = seconds
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
        self.peakBytes = peakBytes
    }

    /// Of all processors together.
    public var processorSeconds: Double { userSeconds + systemSeconds }

    /// Of this process so far.
    ///
    /// - Parameter elapsed: seconds since it began.
    public static func ofThisProcess(elapsed: Double) -> ResourceUse {
        var use = ResourceUse(seconds: elapsed, userSeconds: 0, systemSeconds: 0, peakBytes: 0)
        for who in [RUSAGE_SELF, RUSAGE_CHILDREN] {
            var found = rusage()
            guard getrusage(who.rawValue, &found) == 0 else { continue }
            use.userSeconds += seconds(found.ru_utime)
            use.systemSeconds += seconds(found.ru_stime)
            // Linux counts it in kibibytes.
            use.peakBytes = max(use.peakBytes, Int(found.ru_maxrss) << 10)
        }
        return use
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
}

extension AttemptOutcome {
    /// What its process used; nil where none was started, as for a result that was taken from another job.
    public var used: ResourceUse? {
        guard peakBytes > 0 else { return nil }
        return ResourceUse(
            seconds: ended.seconds(since: started), userSeconds: userSeconds, systemSeconds: systemSeconds,
            peakBytes: peakBytes)
    }
}
