import Basics
import CommandKit
import Foundation
import Manifest
import Spool

struct SubmitCommand: Command {
    let name = "submit"
    let summary = "check job manifests and hand them in"
    let operands = "FILE…"
    let arity = 1...10_000
    let options = [
        SpoolArgument.option,
        Option("--priority", value: "NUMBER", "what the jobs begin with, from -100 to 100, whatever they say"),
        Option("--json", "print ids and files as JSON"),
    ]
    let details = """
        Relative paths in a manifest refer to the folder that 'submit' was called in. Prints a job id for each file. When
        one of the files is wrong, none is handed in. A spool that isn't there is made.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let base = FileManager.default.currentDirectoryPath
        let priority = try arguments.value("--priority").map(PriorityCommand.number)
        let manifests = try SubmitCommand.check(arguments.operands)
        let spool = try SpoolArgument.open(arguments, create: true)
        var keys = KeyIndex()
        var entries: [Entry] = []
        // Also where a later one fails: what was handed in runs.
        defer {
            if arguments.has("--json"), let list = try? JSON(encoding: entries) { Terminal.print(list.prettyText) }
        }
        for manifest in manifests {
            let entry = try SubmitCommand.submit(manifest, base: base, to: spool, keys: &keys, priority: priority)
            if arguments.has("--json") { entries.append(entry) } else { Terminal.print("\(entry.id)") }
        }
        return 0
    }

    /// A file that was handed in.
    struct Entry: Codable {
        var file: String
        var id: JobID
        /// False where an earlier job has its key, of which this is the id.
        var isNew: Bool
    }

    /// Reads and checks manifests; throws after telling all that is wrong.
    static func check(_ files: [String]) throws -> [JobManifest] {
        let code = try StageProgram.check(files)
        if code != 0 { throw Failure("nothing was handed in", remedy: "mend the manifests, and submit them again") }
        return try files.map { file in
            try JobManifest(parsing: try YAMLFile.read(URL(filePath: file), name: file), file: file)
        }
    }

    static func submit(
        _ manifest: JobManifest, base: String, to spool: Spool, keys: inout KeyIndex, priority: Int? = nil
    ) throws -> Entry {
        // The same work, handed in twice, is one job.
        if let key = manifest.rules.key {
            try keys.update(from: spool)
            if let holder = try keys.holder(of: key, in: spool) {
                let state = holder.folder.word
                Terminal.error("\(manifest.file): the key '\(key)' is that of \(holder.id), which is \(state)")
                return Entry(file: manifest.file, id: holder.id, isNew: false)
            }
        }
        let id = try spool.submit(
            manifest: manifest.text, name: manifest.job, base: base, source: manifest.file, key: manifest.rules.key,
            environment: manifest.environment, priority: priority)
        return Entry(file: manifest.file, id: id, isNew: true)
    }
}

extension StageProgram {
    /// Lets `jdnas-stage validate` print what is wrong with manifests, and nothing if all are fine.
    static func check(_ files: [String]) throws -> Int32 { try run(["validate", "--quiet", "--"] + files) }
}
