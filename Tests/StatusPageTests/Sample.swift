import Basics
import Foundation
import Spool

@testable import StatusPage

/// Overviews with something in every part.
enum Sample {
    static let time = Timestamp(Date(timeIntervalSince1970: 1_760_000_000))

    static func id(_ name: String, _ number: Int = 1, at time: Timestamp = Sample.time) -> JobID {
        guard let id = try? JobID(job: name, at: time, random: UInt32(number)) else { fatalError("\(name) is no name") }
        return id
    }

    static func after(_ seconds: Double) -> Timestamp { Timestamp(time.date.addingTimeInterval(seconds)) }

    /// - Parameter text: what stands wherever users can write what they like.
    static func overview(_ text: String = "plain") -> SpoolOverview {
        var signs = Spool.RunnerSigns(owner: .current, since: time)
        signs.owner.host = text
        var overview = SpoolOverview(place: "/data/\(text)/spool", runner: .works(signs))
        overview.inbox = Excerpt(["new.yaml", text], of: 4)
        overview.live = Excerpt([liveJob(text), heldJob(text)])
        overview.queue = Excerpt(queue(text), of: 12)
        overview.heldCount = 2
        overview.ended = Excerpt(ended(text), of: 140)
        overview.failedCount = 2
        overview.rejected = Excerpt([
            RejectedManifest(
                name: "\(text).yaml", diagnostics: "\(text).yaml:10:11: error: there is no stage plugin 'trian'\n",
                file: PageLink("manifest", "rejected/\(text).yaml"))
        ])
        overview.notes = (0..<20).map { number in
            let what = number % 3 == 0 ? "inbox/\(text).yaml is passed over for now: read: Permission denied" : text
            return RunnerNote("\(number): \(what)", at: after(Double(-number) * 4000))
        }
        return overview
    }

    static func stage(_ name: String, _ state: StageStatus.State, needs: [String] = []) -> StageView {
        var stage = StageView(name: name)
        (stage.state, stage.needs) = (state, needs)
        if state == .done { (stage.fraction, stage.seconds) = (1, 754) }
        if state != .waiting { stage.log = PageLink("log", "work/x/\(name)/attempts/1-1/log.txt") }
        return stage
    }

    static func liveJob(_ text: String) -> LiveJob {
        var job = LiveJob(id: id("cells-overnight"))
        job.description = text
        job.started = time
        job.wishes.priority = 20
        var search = stage("search", .running, needs: ["data", "base", "teachers"])
        (search.fraction, search.message, search.eta) = (0.423, "generation 4 of 8: \(text)", 5220)
        search.metrics = ["AP": 0.512, "loss": .nan, text: 3]
        search.table = ProgressFile.Table(
            title: "the front in generation 4, target 17.1 ms \(text)",
            header: ["candidate", "move", "AP", "ms", "of the base", "teacher"],
            rows: [
                ["0", "base", "51.2", "24.4", "100.0 %", text],
                ["7", "remove-block", "50.9", "16.0", "65.5 %", "depth 2-2-3-2"],
            ])
        search.attempts = 2
        search.earlierReason = "ended by signal 9, Killed (out of memory) \(text)"
        var teachers = stage("teachers", .done, needs: ["data", "base"])
        (teachers.isReused, teachers.seconds, teachers.plugin) = (true, nil, text)
        job.stages = [
            stage("data", .done), stage("base", .done, needs: ["data"]), teachers, search,
            stage("second-base", .failed, needs: ["data"]),
            stage("report", .waiting, needs: ["data", "base", "search"]),
            stage("report-of-the-second-base-with-a-long-name", .waiting, needs: ["second-base"]),
        ]
        return job
    }

    private static func heldJob(_ text: String) -> LiveJob {
        var job = LiveJob(id: id("set-aside", 2))
        job.wishes.isHeld = true
        job.started = time
        var base = stage("base", .interrupted)
        (base.fraction, base.message, base.foreignNeeds) = (0.3, "held on request", ["file:\(text)"])
        job.stages = [base]
        return job
    }

    private static func queue(_ text: String) -> [QueuedJob] {
        let waits: [QueuedJob.Wait] = [
            .turn, .other("cells-overnight/base"), .other("file:\(text)"), .held, .cancelled,
        ]
        return waits.enumerated().map { index, wait in
            var job = QueuedJob(id: id("waits-\(index)", index))
            (job.wait, job.submitted, job.stageCount) = (wait, after(Double(index)), 5)
            job.priority = index == 0 ? 5 : 0
            return job
        }
    }

    private static func ended(_ text: String) -> [EndedJob] {
        var done = EndedJob(id: id("bccd-first", 7), isDone: true)
        (done.started, done.finished) = (time, after(7300))
        done.headline = [
            "base     AP 51.2  latency 48.3 ms", "student  AP 52.0 (+0.8)  latency 33.1 ms (−31 %) \(text)",
        ]
        done.pages = [PageLink("report", "work/\(done.id)/report/attempts/1-1/output/\(text).html")]
        done.bundle = PageLink("bundle", "outbox/\(done.id).tar.zst")
        var failed = EndedJob(id: id("broken-pictures", 8), isDone: false)
        (failed.finished, failed.failedStage) = (after(60), "data")
        failed.reason = "data: a.jpg: this is neither a JPEG nor a PNG picture \(text)"
        failed.lastLines = ["packing", "a.jpg: \(text)"]
        failed.log = PageLink("log", "work/\(failed.id)/data/attempts/1-1/log.txt")
        var cancelled = EndedJob(id: id("given-up", 9), isDone: false)
        (cancelled.finished, cancelled.reason) = (after(30), "cancelled on request")
        return [done, failed, cancelled]
    }

    /// Names that try to be markup, to leave their place, or to turn the text around.
    static let hostile =
        "</style></title><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">&\"'\u{0}\u{1B}"
        + "\u{FFFE}\u{202E}../../javascript:alert(1) 细胞"

    /// As long as texts can be.
    static let long = String(repeating: "unendingly", count: 4000)
}
