public import Foundation
import Glibc

/// What a doctor does with bundles, whose inside is not the spool's business.
public struct BundleTools: Sendable {
    /// What is wrong with the bundle of a job that has ended, a line each.
    public var problems: @Sendable (URL, Token) -> [String]
    /// A member's bytes, as the bundle's own list describes them; nil where it cannot be had.
    public var member: @Sendable (URL, String) -> Data?
    /// Builds the bundle of a job that has ended, as a new file.
    public var build: @Sendable (Spool, Token, URL) throws -> Void

    public init(
        problems: @escaping @Sendable (URL, Token) -> [String], member: @escaping @Sendable (URL, String) -> Data?,
        build: @escaping @Sendable (Spool, Token, URL) throws -> Void
    ) {
        self.problems = problems
        self.member = member
        self.build = build
    }
}

/// The machine around a spool, as far as a doctor looks at it.
public struct Surroundings: Sendable {
    /// Seconds since 1970, by this machine's clock.
    public var now: @Sendable () -> Double = { Date().timeIntervalSince1970 }
    /// Bytes that are free for this user on the file system of a folder; nil where it does not say.
    public var freeBytes: @Sendable (URL) -> Int? = Surroundings.freeBytes

    /// Lets some seconds go by.
    public var wait: @Sendable (Double) -> Void = { Thread.sleep(forTimeInterval: $0) }

    public init() {}

    /// statvfs(3).
    private static func freeBytes(_ folder: URL) -> Int? {
        var status = statvfs()
        guard statvfs(folder.path, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
