import Basics
import Foundation
import Spool
import Testing

@Suite struct JobIDTests {
    @Test func idsAreReadAndRefused() throws {
        let time = try #require(Timestamp("2025-11-24T10:06:07.089Z"))
        let id = try JobID(job: "bccd-first", at: time, random: 0xABC)
        #expect(id.text == "bccd-first-20251124-100607-000abc")
        #expect(JobID(id.text)?.jobName == "bccd-first")
    }

    @Test(arguments: [
        "", "a", "-20251124-100607-000abc", "A-20251124-100607-000abc", "../x-20251124-100607-000abc",
        "a-20251124-100607-000abC", "a-2025112x-100607-000abc", "a/b-20251124-100607-000abc",
        String(repeating: "a", count: 300) + "-20251124-100607-000abc",
    ])
    func whatIsNoIdIsRefused(_ text: String) { #expect(JobID(text) == nil) }

    @Test func aNameThatCannotBeAFileNameIsRefused() {
        #expect(throws: Failure.self) { try JobID(job: "../up", at: .now, random: 1) }
        let longest = String(repeating: "a", count: 80)
        #expect(throws: Never.self) { try JobID(job: longest, at: .now, random: 1) }
        let failure = #expect(throws: Failure.self) { try JobID(job: longest + "a", at: .now, random: 1) }
        #expect(failure?.remedy?.hasSuffix("at most 80 characters") == true)
    }

    @Test func momentsOfAProcessRise() {
        let moments = (0..<1000).map { _ in Timestamp.next() }
        #expect(zip(moments, moments.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func timesRoundTripAndSort() throws {
        let texts = ["1999-12-31T23:59:59.999Z", "2024-02-29T00:00:00.000Z", "2025-11-24T10:06:07.089Z"]
        let times = try texts.map { try #require(Timestamp($0)) }
        #expect(times.map(\.description) == texts)
        #expect(times == times.sorted())
        #expect(Timestamp("2025-11-24 10:06:07") == nil)
    }
}
