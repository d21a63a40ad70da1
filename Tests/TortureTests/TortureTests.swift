import Foundation
import Spool
import TestSupport
import Testing

/// Real runners, stages and commands, killed at random; full disks and read-only ones; a clock that jumps by seconds, hours and
/// days; all commands at once. In the end no accepted job is lost, none is published twice, and a doctor finds nothing.
@Suite(.serialized) struct TortureTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// Half a minute in the suite; `make torture` says otherwise.
    private static let seconds = environment["JDNAS_TORTURE_MINUTES"].flatMap(Double.init).map { $0 * 60 } ?? 20
    private static let seed = environment["JDNAS_TORTURE_SEED"].flatMap(UInt64.init) ?? .random(in: 0...(.max))

    /// What is lost, changed or there twice is noticed: else the torture would prove nothing.
    @Test func lossesAreNoticed() throws {
        let torture = try Torture(seed: 1)
        defer { torture.end() }
        let (name, manifest) = try torture.jobs.next(&torture.random, others: [])
        let id = try torture.spool.submit(manifest: manifest, name: name, base: "/")
        torture.accepted.insert(name)
        torture.drain()
        torture.check()
        #expect(torture.violations == [])
        torture.accepted.insert("lost")
        try Data("torn".utf8).write(to: torture.spool.bundle(id))
        let again = try torture.spool.submit(manifest: manifest, name: name, base: "/")
        for stage in torture.spool.stageNames(id) {
            guard let receipt = try torture.spool.publishedReceipt(id, stage) else { continue }
            try Data("other".utf8).write(to: torture.spool.output(of: receipt).appending(path: "result.txt"))
        }
        torture.check()
        for text in [
            "lost is lost", "\(name) is there more than once", "the bundle of \(id) is damaged", "a doctor finds",
        ] {
            #expect(torture.violations.contains { $0.contains(text) }, "\(text), of \(again): \(torture.violations)")
        }
    }

    @Test func nothingIsLostAndNothingIsDoneTwice() throws {
        print("torture: seed \(Self.seed), \(Int(Self.seconds)) s")
        let torture = try Torture(seed: Self.seed)
        defer { torture.end() }
        let missing = torture.missing
        for text in missing { print("torture: \(text)") }
        torture.go(on: Self.seconds)
        torture.drain()
        torture.check()
        print("torture: \(torture.counts.text)")
        for text in missing { print("torture: \(text)") }
        for violation in torture.violations { Issue.record("seed \(Self.seed): \(violation)") }
        if !torture.violations.isEmpty { print("torture: the spool is kept in \(torture.keep())") }
    }
}
