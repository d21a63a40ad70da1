import Basics
import Foundation
import Manifest
import Testing

@Suite struct RulesTests {
    private func job(_ head: String, _ stage: String = "") throws -> JobManifest {
        let text = "job: a\n\(head)\nstages:\n  - name: x\n    uses: p\n\(stage)\n"
        return try JobManifest(parsing: Data(text.utf8), file: "a.yaml")
    }

    private func problem(_ head: String, _ stage: String = "") -> String? {
        do { _ = try job(head, stage) } catch { return (error as? Diagnostics)?.list.first?.description }
        return nil
    }

    @Test func rulesOfAJob() throws {
        let rules = try job(
            """
            after: [first, second-20261126-120000-0123ab]
            key: nightly 7
            priority: -3
            not_before: 2026-11-30 22:00Z
            window: "22:00-06:00"
            on_failure: continue
            on_done: [mail, -s, "done; $(x)"]
            """
        ).rules
        #expect(rules.after == ["first", "second-20261126-120000-0123ab"] && rules.key == "nightly 7")
        #expect(rules.priority == -3)
        #expect(rules.notBefore == 1_796_076_000 && rules.window?.description == "22:00-06:00")
        #expect(rules.onFailure == .continue && rules.onDone == ["mail", "-s", "done; $(x)"])
        #expect(try job("").rules == JobRules())
        #expect(try JSON(encoding: rules).decode(JobRules.self) == rules)
    }

    @Test func rulesOfAStage() throws {
        let stage = try job(
            "",
            "    timeout: 1h30m\n    retries: {infrastructure: 5, stage: 0, pause: 20s}\n"
                + "    resources: {cpus: 2, memory: 1.5 GiB, disk: 20 GB}"
        ).stages[0]
        #expect(stage.rules.timeout == 5400)
        #expect(stage.rules.retries == StageRules.Retries(infrastructure: 5, stage: 0, pause: 20))
        #expect(stage.rules.resources == StageRules.Resources(cpus: 2, memory: 3 << 29, disk: 20_000_000_000))
        #expect(try job("").stages[0].rules == StageRules())
    }

    @Test(
        arguments: [
            ("after: [A b]", "a.yaml:2:8: error: 'A b' is no job"),
            ("after: first", "a.yaml:2:8: error: 'after' must be a list of texts"),
            ("key: \"\"", "a.yaml:2:6: error: a key has 1 to 200 bytes, not 0"),
            ("priority: 101", "a.yaml:2:11: error: 'priority' must be from -100 to 100"),
            ("window: 22-6", "a.yaml:2:9: error: 'window' must be a part of the day"),
            ("window: \"22:00-22:00\"", "a.yaml:2:9: error: 'window' must be a part of the day"),
            ("window: \"24:00-06:00\"", "a.yaml:2:9: error: 'window' must be a part of the day"),
            ("not_before: 2026-02-30 10:00", "a.yaml:2:13: error: 'not_before' must be a date and time"),
            ("not_before: tomorrow", "a.yaml:2:13: error: 'not_before' must be a date and time"),
            ("on_failure: retry", "a.yaml:2:13: error: 'on_failure' must be one of stop, continue"),
            ("on_done: []", "a.yaml:2:10: error: 'on_done' must have from 1 to 100 elements"),
            ("on_done: [\"\"]", "a.yaml:2:10: error: the program has no name"),
        ]) func wrongRulesAreToldWhereTheyStand(_ head: String, _ message: String)
    {
        #expect(problem(head)?.hasPrefix(message) == true, "\(problem(head) ?? "nothing")")
    }

    @Test(arguments: ["90", "0s", "-1h", "1h1h", "30m2h", "5 weeks", "9999d", "h", "1e400s", ""])
    func noSpansOfTime(_ text: String) {
        #expect(problem("", "    timeout: \"\(text)\"")?.contains("error: 'timeout' must be a span of time") == true)
        #expect(problem("", "    timeout: \"\(text)\"")?.contains("like 90s, 30m, 8h") == true)
    }

    @Test(arguments: [
        ("512", nil), ("4G", 4 << 30), ("4 GB", 4_000_000_000), ("0.5KiB", 512), ("1 X", nil), ("1e30G", nil),
    ])
    func sizes(_ text: String, _ bytes: Int?) { #expect(Quantity.bytes(text) == bytes) }

    @Test(arguments: [("90s", 90.0), ("1.5h", 5400), ("2d", 172_800), ("1h 30m", 5400)])
    func spans(_ text: String, _ seconds: Double) { #expect(Quantity.seconds(text) == seconds) }

    @Test func windowsGoOverMidnight() throws {
        let night = try #require(DailyWindow("22:00-06:00"))
        for (minute, isIn) in [(21 * 60 + 59, false), (22 * 60, true), (0, true), (359, true), (360, false)] {
            #expect(night.contains(minute: minute) == isIn)
        }
        let day = try #require(DailyWindow("8:30-24:00"))
        #expect(day.description == "08:30-24:00")
        #expect(day.contains(minute: 1439) && day.contains(minute: 510) && !day.contains(minute: 509))
        #expect(DailyWindow("8:30") == nil && DailyWindow("8:30-9:60") == nil && DailyWindow("8:30-24:01") == nil)
    }
}
