import Basics
import CommandKit
import Foundation
import Spool

// Commands that say what is to be done with the spool as a whole.

struct PauseCommand: Command {
    let name = "pause"
    let summary = "let no stage be started until 'jdnas resume'"
    let options = [
        SpoolArgument.option, Option("--now", "let the stage that runs save its state and stop, too"),
    ]
    let details = "Jobs are taken in all the same. Holds for every runner of the spool, also one that is started later."

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        try spool.pause(arguments.has("--now") ? .now : .pause)
        Terminal.print("paused: no stage is started until 'jdnas resume'\(whenText(spool))")
        return 0
    }
}

struct ResumeCommand: Command {
    let name = "resume"
    let summary = "let stages be started again after 'jdnas pause'"
    let options = [SpoolArgument.option]

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        Terminal.print(try spool.resume() ? "goes on\(whenText(spool))" : "was not paused")
        return 0
    }
}

struct DrainCommand: Command {
    let name = "drain"
    let summary = "let the runner that works now end once nothing is left to do"
    let options = [SpoolArgument.option]
    let details = """
        As if it had been started with --drain. Jobs that are handed in until then are done as well. Where no runner works there is \
        none to end.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        guard let runner = spool.runner else {
            Terminal.print(
                "no runner works on this spool; 'jdnas run --drain' starts one that ends once nothing is left to do")
            return 0
        }
        try spool.drain()
        Terminal.print("the runner (\(runner)) ends once nothing is left to do")
        return 0
    }
}
