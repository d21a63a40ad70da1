import Basics
import Foundation
import Manifest
import StageConformance
import StageKit

/// Adds up the numbers of a file, one after the other, and can make a mistake.
struct FaultyStage: StagePlugin {
    struct Options: Codable, Sendable {
        var every: Int
        var name: String
        var extra: JSON?
        var forgotten = 0

        init(every: Int, name: String) {
            self.every = every
            self.name = name
        }

        private enum CodingKeys: CodingKey { case every, name, extra, forgotten }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            every = try container.decode(Int.self, forKey: .every)
            name = try container.decode(String.self, forKey: .name)
            extra = try container.decodeIfPresent(JSON.self, forKey: .extra)
        }
    }

    struct State: Codable {
        var place = 0
        var sum = 0
    }

    let fault: Fault
    let name = "faulty"
    let version = 1
    let summary = "adds numbers up"
    let consumes = [InputRequirement(.dataset)]
    let produces = ArtifactKind.evaluation

    init(_ fault: Fault) { self.fault = fault }

    static func conformance(_ fault: Fault) -> StageConformance {
        StageConformance(
            FaultyStage(fault), options: "every: 2", refused: ["every: 0", "name: two words"],
            inputs: [
                .init(.dataset) { folder in
                    try Data("3\n1\n4\n1\n5\n9\n2\n6\n".utf8).write(to: folder.appending(path: "numbers.txt"))
                    try Data("about them".utf8).write(to: folder.appending(path: "about.txt"))
                }
            ], limit: fault == .hangs ? 15 : 600)
    }

    func options(_ reader: inout ConfigReader) -> Options? {
        if fault == .takesAnyKey { _ = reader.json() }
        let every = reader.int("every", default: 3, in: 1...100, help: fault == .noHelp ? "" : "numbers a checkpoint")
        var options = Options(every: every, name: reader.string("name", default: "sum", help: "of the result"))
        if options.name.contains(" ") {
            switch fault {
            case .placeless: reader.report(nil, "spaces in 'name'", remedy: "remove them")
            case .noRemedyForOption: reader.report("name", "spaces in 'name'")
            case .takesWrongValue: break
            default: reader.report("name", "spaces in 'name'", remedy: "remove them")
            }
        }
        if fault == .losesOption { options.forgotten = 7 }
        if fault == .workingDirectory { options.name = FileManager.default.currentDirectoryPath }
        return options
    }

    func run(_ options: Options, _ context: StageContext) throws {
        if fault == .readsNothing { return try write("nothing", options, context) }
        let input = try context.inputs.require(.dataset)
        let numbers = try numbers(in: input)
        misbehave(input, context)
        var state = State()
        if fault != .startsAnew, let saved = context.checkpoint.resumeDirectory {
            let file = saved.appending(path: "state.json")
            state = try JSON(parsing: Data(contentsOf: file)).decode(State.self)
            if fault == .changesCheckpoint { try Data("{}".utf8).write(to: file) }
        }
        while state.place < numbers.count {
            state.sum += numbers[state.place]
            state.place += 1
            report(state, of: numbers.count, context)
            if state.place % options.every == 0 || context.isCancelled { try save(state, context) }
            if try !goesOn(state, context) { break }
        }
        try write("\(state.sum)\n", options, context)
    }

    private func numbers(in input: Artifact) throws -> [Int] {
        let file = input.directory.appending(path: "numbers.txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            if fault == .crashesOnDamage { fatalError("no numbers") }
            if fault == .defectOnDamage {
                throw DecodingError.valueNotFound(Int.self, .init(codingPath: [], debugDescription: "no numbers"))
            }
            throw Failure("no numbers", at: file.path, remedy: fault == .noRemedy ? nil : "write some")
        }
        let numbers = text.split(separator: "\n").map { Int($0) }
        if fault == .crashesOnDamage { return numbers.map { $0! } }
        guard !numbers.contains(nil) else { throw Failure("not a number", at: file.path, remedy: "write numbers") }
        return numbers.compactMap { $0 }
    }

    /// Writes where it must not.
    private func misbehave(_ input: Artifact, _ context: StageContext) {
        func touch(_ path: String) { try? Data("x".utf8).write(to: URL(filePath: path)) }
        // Inputs are read only, which root does not notice.
        if [.writesInInput, .writesBriefly].contains(fault) { chmod(input.directory.path, 0o755) }
        switch fault {
        case .writesInWorkingDirectory: touch("stray.txt")
        case .writesInTemporary: touch(FileManager.default.temporaryDirectory.appending(path: "stray.txt").path)
        case .writesInInput: touch(input.directory.appending(path: "stray.txt").path)
        case .writesBriefly:
            let path = input.directory.appending(path: "stray.txt").path
            touch(path)
            unlink(path)
        case .writesBesideOutput: touch(context.output.directory.appending(path: "../stray.txt").path)
        default: break
        }
    }

    private func report(_ state: State, of count: Int, _ context: StageContext) {
        let done = Double(state.place) / Double(count)
        let last = state.place == count
        switch fault {
        case .silent: break
        case .goesBack: context.progress.report(fraction: state.place == 5 ? 0.1 : done, message: "adding")
        case .beyondOne: context.progress.report(fraction: done * 8, message: "adding")
        case .notANumber: context.progress.report(fraction: last ? .nan : done, message: "adding")
        case .twoLines: context.progress.report(fraction: done, message: "adding\nup")
        default: context.progress.report(fraction: done, message: "adding \(state.place)")
        }
    }

    private func save(_ state: State, _ context: StageContext) throws {
        var saved = state
        if fault == .forgets { saved.sum = 0 }
        try context.checkpoint.save(named: "number-\(state.place)") { folder in
            try JSON(encoding: saved).prettyText.write(
                to: folder.appending(path: "state.json"), atomically: false, encoding: .utf8)
        }
    }

    private func goesOn(_ state: State, _ context: StageContext) throws -> Bool {
        guard context.isCancelled else { return true }
        switch fault {
        case .deaf: return true
        case .pretends: return false
        case .otherCause: throw Failure("stopped", remedy: "run it again")
        case .slow: if state.place % 6 != 0 { return true }
        case .hangs: while true { sleep(1) }
        default: break
        }
        try context.checkCancelled()
        return true
    }

    private func write(_ text: String, _ options: Options, _ context: StageContext) throws {
        let folder = context.output.directory
        func file(_ name: String) -> URL { folder.appending(path: name) }
        var text = text
        if fault == .time { text += "at \(Date().timeIntervalSince1970)\n" }
        if fault == .place { text += "in \(folder.path)\n" }
        if fault == .wallClock { text += "at \(Int(Date().timeIntervalSince1970))\n" }
        if fault != .nothingWritten { try Data(text.utf8).write(to: file("sum.txt")) }
        if fault == .emptyMember { try Data().write(to: file("empty.txt")) }
        if fault == .leftOver { try Data("x".utf8).write(to: file(".sum.txt.tmp")) }
        if fault == .link {
            try FileManager.default.createSymbolicLink(atPath: file("link").path, withDestinationPath: "sum.txt")
        }
        if fault != .bundlesNothing { context.output.mark("sum.txt", bundle: true) }
        if fault == .marksNothing { context.output.mark("sums.txt", bundle: true) }
        context.output.summary = [
            "headline": fault == .headline ? "a text" : [.string("\(options.name) \(text.count)")]
        ]
    }
}
