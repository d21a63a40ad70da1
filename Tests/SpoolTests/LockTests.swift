import Basics
import Foundation
import Spool
import TestSupport
import Testing

@Suite struct LockTests {
    @Test func aSecondRunnerIsRefusedAndToldWhoWorksHere() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        let lock = try SchedulerLock.acquire(spool)
        let refusal = #expect(throws: Failure.self) { try SchedulerLock.acquire(spool) }
        #expect(refusal?.what.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
        #expect(refusal?.what.contains("on \(Owner.current.host)") == true)
        #expect(throws: Failure.self) { try SchedulerLock.acquire(spool, takeOver: true) }
        try lock.beat()
        lock.release()
        try SchedulerLock.acquire(spool).release()
    }

    @Test func aDeadOwnersLockIsReplaced() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        var dead = Owner.current
        dead.start = "1"
        let old = try SchedulerLock.acquire(spool, owner: dead)
        let new = try SchedulerLock.acquire(spool)
        try new.beat()
        // The old one finds out at its next heartbeat, and does no harm when it ends.
        #expect(throws: Failure.self) { try old.beat() }
        old.release()
        try new.beat()
    }

    @Test func anotherMachinesLockIsLeftAloneWhileItsHeartBeats() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        var foreign = Owner.current
        foreign.host = "elsewhere"
        _ = try SchedulerLock.acquire(spool, owner: foreign)
        let fresh = #expect(throws: Failure.self) { try SchedulerLock.acquire(spool, takeOver: true) }
        #expect(fresh?.what.contains("elsewhere") == true)
        let past = Date(timeIntervalSinceNow: -3600)
        try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: spool.lockFile.path)
        let stale = #expect(throws: Failure.self) { try SchedulerLock.acquire(spool) }
        #expect(stale?.remedy?.contains("--take-over") == true)
        try SchedulerLock.acquire(spool, takeOver: true).beat()
    }

    @Test func anEndedProcessIsKnownToBeDead() throws {
        #expect(Owner.current.isAlive == true)
        var later = Owner.current
        later.start = "1"
        #expect(later.isAlive == false)
        var rebooted = Owner.current
        rebooted.boot = "other"
        #expect(rebooted.isAlive == false)
        var elsewhere = Owner.current
        elsewhere.namespace = "pid:[1]"
        #expect(elsewhere.isAlive == nil)
    }
}
