import Basics
import Foundation
import Glibc
import Manifest
import Runner
import Spool
import StageKit
import TestSupport
import Testing

/// Settings that change while stages run.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ReloadTests {
    private let shop: Workshop
    private let file: URL
    private let reload: ReloadFlag

    init() throws {
        shop = try Workshop()
        file = shop.scratch["runner.yaml"]
        reload = try ReloadFlag()
    }

    private func write(_ text: String) { try? Data(text.utf8).write(to: file) }

    private func configuration(_ flags: RunnerSettings = RunnerSettings()) -> RunnerConfiguration {
        RunnerConfiguration(file: file, name: "runner.yaml", flags: flags, reload: reload)
    }

    /// Two stages that wait for each other; there is room for one of them, until somebody makes more.
    @Test func moreSlotsHoldWhileAStageRuns() throws {
        write("cpus: 1\n")
        let id = try shop.submit("two", [("data", "meet", []), ("base", "meet", [])], reuse: .never)
        shop.onEvent = { [self] event in
            guard event == "data 1" else { return }
            write("cpus: 2\n")
            reload.raise()
        }
        #expect(try shop.run(configuration: configuration()) { $0.poll = 30 }.done == [id])
        #expect(shop.events.contains("reloaded cpus 1 → 2"))
    }

    /// A faulty file changes nothing; the next whole one does.
    @Test func aFaultyFileIsToldAndNotTaken() throws {
        write("cpus: 1\n")
        let id = try shop.submit("two", [("data", "meet", []), ("base", "meet", [])], reuse: .never)
        shop.onEvent = { [self] event in
            switch event {
            case "data 1": write("cpus: 2\nmax_atempts: 3\npoll: 1h\n")
            case "reloaded nothing": write("cpus: 3\n")
            default: return
            }
            reload.raise()
        }
        #expect(try shop.run(configuration: configuration()).done == [id])
        let told = try #require(shop.events.first { $0.hasPrefix("note the settings stay as they were") })
        #expect(
            told.contains("runner.yaml:2:1: error: unknown key 'max_atempts'\n  remedy: did you mean 'max_attempts'?"))
        #expect(told.contains("runner.yaml:3:7: error: 'poll' must be from 0.1s to 60s"))
        // Not from 2: the faulty file's first line is not taken either.
        #expect(shop.events.contains("reloaded cpus 1 → 3"))
    }

    /// What does not fit waits until it does: the file may change.
    @Test func aStageThatDoesNotFitWaitsForTheFile() throws {
        write("cpus: 1\n")
        let need = StageRules(resources: StageRules.Resources(cpus: 2))
        let large = try shop.submit("large", [("data", "succeed", [])], reuse: .never, stageRules: need)
        let small = try shop.submit("small", [("data", "succeed", [])], reuse: .never)
        shop.onEvent = { [self] event in
            guard event == "small done" else { return }
            write("cpus: 2\n")
            reload.raise()
        }
        #expect(try shop.run(configuration: configuration()).done == [small, large])
        let reason = "it needs 2 processors, and stages here may use 1 ('cpus' in runner.yaml)"
        #expect(shop.events.count { $0 == "note \(large): data waits: \(reason)" } == 1)
    }

    @Test func aRunThatIsToEndDoesNotWaitForIt() throws {
        write("cpus: 1\n")
        let need = StageRules(resources: StageRules.Resources(cpus: 2))
        let id = try shop.submit("large", [("data", "succeed", [])], stageRules: need)
        #expect(try shop.run(configuration: configuration()).left == [id.text])
    }

    @Test func aFaultyFileStartsNoRunner() throws {
        write("threads: many\n")
        let text = failureText { _ = try shop.run(configuration: configuration()) }
        #expect(
            text == "runner.yaml:1:10: error: 'threads' must be a whole number, not the text 'many'\n"
                + "  remedy: write 'threads: …' with a whole number")
        try FileManager.default.removeItem(at: file)
        #expect(
            failureText { _ = try shop.run(configuration: configuration()) }?.hasPrefix(
                "runner.yaml:1:1: error: the file cannot be read") == true)
    }

    @Test func theCommandLineWins() throws {
        write(
            """
            threads: 3
            cpus: 6
            memory: 2 GiB
            max_attempts: 5
            stall_limit: never
            on_done: [sh, -c, "exit 0"]
            poll: 0.5s
            """)
        var flags = RunnerSettings()
        flags.threads = 2
        flags.onDone = ["/bin/true"]
        let options = try configuration(flags).options(over: RunnerOptions())
        #expect(options.threads == 2 && options.onDone == ["/bin/true"])
        #expect(options.cpus == 6 && options.memory == 2 << 30 && options.maxAttempts == 5)
        #expect(options.stallLimit == .infinity && options.poll == 0.5)
        // What the file does not say any more is as if it had never said it.
        write("# nothing\n\n")
        let later = try configuration(flags).options(over: RunnerOptions())
        #expect(later.threads == 2 && later.cpus == nil && later.maxAttempts == 3 && later.stallLimit == 1800)
    }

    @Test func theProgramIsLookedForAtOnce() throws {
        write("on_done: [tools/tell, x]\n")
        #expect(
            failureText(in: shop.scratch) { _ = try RunnerSettings(reading: file, name: "r.yaml") }
                == "r.yaml:1:11: error: there is no program 'tools/tell' that can be executed\n"
                + "  remedy: name one of PATH, or give a path, from ~ on")
        try shop.scratch.write("#!/bin/sh\n", to: "tools/tell")
        chmod(shop.scratch["tools/tell"].path, 0o755)
        let found = try RunnerSettings(reading: file, name: "r.yaml").onDone
        #expect(found == [shop.scratch["tools/tell"].path, "x"])
    }

    @Test func theExampleIsUnderstood() throws {
        let example = BuiltPrograms.root.appending(path: "configs/runner.yaml")
        var text = try String(contentsOf: example, encoding: .utf8)
        for name in ["threads", "cpus", "memory"] { text = text.replacing("# \(name): ", with: "\(name): ") }
        write(text.replacing("[logger,", with: "[sh,"))
        let settings = try RunnerSettings(reading: file, name: "runner.yaml")
        #expect(settings.threads == 8 && settings.cpus == 16 && settings.memory == 48 << 30)
        #expect(settings.maxAttempts == 3 && settings.stallLimit == 1800 && settings.poll == 1)
    }

    @Test func aHangupRaisesTheFlagAndStopsNothing() async {
        await #expect(processExitsWith: .exitCode(0)) {
            signal(SIGHUP, SIG_IGN)
            let flag = try ReloadFlag.onHangup()
            _ = try StopFlag.onSignals(hangup: false)
            let before = flag.take()
            kill(getpid(), SIGHUP)
            kill(getpid(), SIGHUP)
            usleep(100_000)
            exit(!before && flag.take() && !flag.take() ? 0 : 1)
        }
    }

    /// What the command line says no file can change: there is nothing to wait for.
    @Test func whatTheCommandLineForbidsFailsAtOnce() throws {
        write("cpus: 8\n")
        var flags = RunnerSettings()
        flags.cpus = 1
        let rules = StageRules(resources: StageRules.Resources(cpus: 2))
        let id = try shop.submit("large", [("data", "succeed", [])], stageRules: rules)
        #expect(try shop.run(configuration: configuration(flags)).failed == [id])
        let reason = try shop.spool.job(matching: "large").reason ?? ""
        #expect(reason.contains("stages here may use 1 (--cpus of 'jdnas run')"), "\(reason)")
    }
}
