import Basics
import Foundation
import Spool
import TestSupport
import Testing

/// What `list`, `show` and `logs` say of a spool that nobody works on.
@Suite struct SpoolCommandTests {
    @Test func emptySpool() throws {
        let folder = try TemporaryFolder()
        _ = try Spool(at: folder["s"], create: true)
        #expect(try run(["list", "--spool", "s"], in: folder.url).output == "no jobs\n")
        #expect(try run(["list", "--json"], in: folder.url, environment: ["JDNAS_SPOOL": "s"]).output == "[]\n")
    }

    @Test func jobsInAllStates() throws {
        let folder = try TemporaryFolder()
        let spool = try Spool(at: folder["s"], create: true)
        let id = try runningJob(spool)
        _ = try spool.submit(manifest: Data("job: later\n".utf8), name: "later", base: "/tmp")
        try folder.write("job: [", to: "s/rejected/bad.yaml")
        try folder.write("bad.yaml:1:6: error: nonsense\n", to: "s/rejected/bad.diagnostics.txt")

        let list = try run(["list", "--spool", "s"], in: folder.url)
        #expect(list.code == 0)
        let lines = list.output.split(separator: "\n").map { $0.split(separator: /\s{2,}/).map(String.init) }
        #expect(lines.map(\.count) == [6, 6, 6, 6])
        #expect(lines[0] == ["JOB", "STATE", "DONE", "PROGRESS", "LEFT", "AGE"])
        #expect(Array(lines[1].prefix(5)) == [id.text, "running", "75%", "1 of 2 stages, search 50%", "40 s"])
        #expect(lines[2][1] == "submitted")
        #expect(Array(lines[3].prefix(2)) == ["bad.yaml", "rejected"])

        let json = try JSON(parsing: try run(["list", "--json", "--spool", "s"], in: folder.url).output)
        #expect(json.array?.count == 3)
        #expect(json[0]?["stages"]?[1]?["message"] == "generation 3")
        #expect(json[0]?["stages"]?[0]?["used"]?["peakBytes"] == .integer(3 << 29))

        let show = try run(["show", "first", "--spool", "s"], in: folder.url).output
        #expect(show.contains(/search +running +50% +40 s +generation 3/))
        #expect(show.contains(/data +done +100% +1 min 30 s +2 min 45 s +1\.5 GiB/))
        let table = "search: the front\n  candidate    AP\n          7  51.2\n          9  48.0"
        #expect(show.contains(table), "\(show)")
        // Of a stage that failed it is all that there is to see; of one that is done the result tells.
        let token = try #require(try spool.find(id)?.token)
        #expect(spool.stageStatus(token, "search", live: false, failed: true).table?.rows.count == 2)
        #expect(spool.stageStatus(token, "data", live: false, failed: false).table == nil)
        #expect(show.contains("packed 80 images"))
        #expect(
            try run(["show", "bad.yaml", "--spool", "s"], in: folder.url).output.contains(
                "bad.yaml:1:6: error: nonsense"))

        let gone = try run(["show", "frist", "--spool", "s"], in: folder.url)
        #expect(gone.code == 1)
        #expect(gone.error.contains("there is no job 'frist' in this spool\n  remedy: did you mean 'first'?"))
    }

    /// Without a runner the page can be asked for.
    @Test func statusPage() throws {
        let folder = try TemporaryFolder()
        let spool = try Spool(at: folder["s"], create: true)
        let id = try runningJob(spool)
        let outcome = try run(["status", "--spool", "s"], in: folder.url)
        #expect(outcome.code == 0 && outcome.output == "\(spool.statusPage.path)\n", "\(outcome.error)")
        let html = try String(contentsOf: folder["s/status/index.html"], encoding: .utf8)
        for text in [
            "No runner works here", "generation 3", "<td>51.2</td>",
            "href=\"../work/\(id)/search/attempts/1-1/log.txt\"",
        ] { #expect(html.contains(text), "\(text)") }
        let nowhere = try run(["status", "--spool", "gone"], in: folder.url)
        #expect(nowhere.code == 1 && nowhere.error.contains("there is no spool here"))
    }

    @Test func logs() throws {
        let folder = try TemporaryFolder()
        let id = try runningJob(try Spool(at: folder["s"], create: true))
        let all = try run(["logs", id.text, "--spool", "s"], in: folder.url)
        #expect(all.output == "== data, attempt 1-1\npacking\n== search, attempt 1-1\nsearching\n")
        #expect(
            try run(["logs", "first", "data", "--spool", "s"], in: folder.url).output
                == "== data, attempt 1-1\npacking\n")
        // A stage that is done ends the wait.
        let followed = try run(["logs", "first", "data", "--follow", "--spool", "s"], in: folder.url)
        #expect(followed.output == "== data, attempt 1-1\npacking\n")
        let wrong = try run(["logs", "first", "serach", "--spool", "s"], in: folder.url)
        #expect(wrong.code == 1)
        #expect(wrong.error.contains("the job has no stage 'serach'\n  remedy: did you mean 'search'?"))
        // Nor is a stage waited for that the job does not have.
        let vain = try run(["logs", "first", "serach", "--follow", "--spool", "s"], in: folder.url)
        #expect(vain.code == 1)
        #expect(vain.error.contains("the job has no stage 'serach'"))
    }

    /// A job with a stage that is done and one that this process seems to run.
    private func runningJob(_ spool: Spool) throws -> JobID {
        let id = try spool.submit(manifest: Data("job: first\n".utf8), name: "first", base: "/tmp")
        let submitted = try #require(try spool.find(id)?.token)
        let resolved: JSON = ["stages": [["name": "data"], ["name": "search"]]]
        let queued = try spool.accept(submitted, resolved: Data(resolved.prettyText.utf8))
        let token = try spool.claim(queued, from: .queued, for: .current)

        let data = try spool.newAttempt(token, stage: "data")
        try Data("packing\n".utf8).write(to: data.log)
        try Data("x".utf8).write(to: data.output.appending(path: "index.json"))
        let receipt = Receipt(
            job: id, stage: "data", plugin: "dataset-pack", pluginVersion: 1, kind: "dataset", key: Digest(of: "k"),
            attempt: data.path, members: try Receipt.members(of: data.output) { _ in false },
            summary: ["headline": ["packed 80 images"]], inputs: [])
        try receipt.sealed().write(to: data.receipt)
        _ = try spool.publishReceipt(of: data)
        let end = Timestamp.now
        try spool.record(
            AttemptOutcome(
                result: .done, reason: "done", started: Timestamp(end.date.addingTimeInterval(-90)), ended: end,
                exitCode: 0, userSeconds: 160, systemSeconds: 5, peakBytes: 3 << 29), of: data)

        let search = try spool.newAttempt(token, stage: "search")
        try Data("searching\n".utf8).write(to: search.log)
        let progress: JSON = [
            "fraction": 0.5, "message": "generation 3", "eta": 40,
            "table": ["title": "the front", "header": ["candidate", "AP"], "rows": [["7", "51.2"], ["9", "48.0"]]],
        ]
        try Data(progress.prettyText.utf8).write(to: search.progress)
        return id
    }

    /// Times are told of every stage, before any has run and before there is a spool.
    @Test func planOfANewJob() throws {
        let folder = try TemporaryFolder()
        let file = Project.root.appending(path: "jobs/quickstart-short.yaml").path
        try FileManager.default.createSymbolicLink(
            at: folder["configs"], withDestinationURL: Project.root.appending(path: "configs"))
        let plan = try run(["plan", "--json", file], in: folder.url)
        #expect(plan.code == 0, "\(plan.error)")
        let stages = try #require(try JSON(parsing: plan.output)[0]?["stages"]?.array)
        #expect(stages.count >= 5)
        for stage in stages {
            #expect(stage["basis"] == "forecast" && (stage["seconds"]?.number ?? 0) > 0, "\(stage)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["configs"])
    }

    /// Nothing is handed in; what is wrong is told as `validate` tells it.
    @Test func planOfAJob() throws {
        let folder = try TemporaryFolder()
        _ = try Spool(at: folder["s"], create: true)
        try folder.write(
            """
            job: look
            stages:
              - name: data
                uses: dataset-pack
                with: {format: synth}
              - {name: base, uses: evaluate, needs: [data, nobody/base]}
            """, to: "look.yaml")
        let plan = try run(["plan", "look.yaml", "--spool", "s"], in: folder.url)
        #expect(plan.code == 1)
        #expect(
            plan.output.contains(
                /data +dataset-pack +run +~[\d.]+ s +\d+ MiB +'dataset-pack' has not run in this spool yet/))
        #expect(plan.output.contains("look: 1 of 2 stages would run"))
        let json = try JSON(parsing: try run(["plan", "--json", "look.yaml", "--spool", "s"], in: folder.url).output)
        #expect(json[0]?["stages"]?[0]?["action"] == "run" && json[0]?["stages"]?[0]?["basis"] == "forecast")
        #expect(try Spool(at: folder["s"]).jobs().isEmpty)
        // What a stage would fail at when others have been trained is told before.
        try folder.write(
            """
            job: bare
            stages:
              - {name: data, uses: dataset-pack, with: {format: synth, search_fraction: 0}}
              - {name: base, uses: train, needs: [data], with: {detector: tiny.yaml, evaluate_on: none}}
              - {name: teachers, uses: teacher-pool, needs: [data, base]}
            """, to: "bare.yaml")
        try folder.write("backbone: resnet18\n", to: "tiny.yaml")
        let bare = try run(["plan", "bare.yaml", "--spool", "s"], in: folder.url)
        #expect(bare.code == 0 && bare.output.contains("\nteachers: it will hardly run: the data set has no images"))
        try folder.write("job: look\nstags: []\n", to: "wrong.yaml")
        let wrong = try run(["plan", "wrong.yaml", "--spool", "s"], in: folder.url)
        #expect(wrong.code == 1 && wrong.error.contains("did you mean 'stages'?") && wrong.output.isEmpty)
    }
}
