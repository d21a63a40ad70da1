import Basics
import Bundles
import CommandKit
import Foundation
import Glibc
import Spool

struct CollectCommand: Command {
    let name = "collect"
    let summary = "copy finished bundles out of the spool, verified"
    let options = [
        SpoolArgument.option, Option("--to", value: "DIR", "where to; made if it isn't there"),
        Option("--quiet", "name only what was copied, and problems"),
    ]
    let details = """
        Bundles of failed jobs are copied too. What is there already is left alone, so that the command can be given again
        and again. Exit code 1 when a bundle is damaged.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        let target = URL(filePath: try arguments.require("--to"))
        do { try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true) } catch {
            throw Failure(
                "the folder cannot be made", at: target.path, remedy: "check the path and permissions", cause: .system)
        }
        var code: Int32 = 0
        for bundle in try spool.jobs().compactMap(\.bundle).map({ URL(filePath: $0) }) {
            do {
                if try collect(bundle, into: target) {
                    Terminal.print(target.appending(path: bundle.lastPathComponent).path)
                } else if !arguments.has("--quiet") {
                    Terminal.print("\(target.appending(path: bundle.lastPathComponent).path): there already")
                }
            } catch {
                Terminal.error("\(error)")
                code = 1
            }
        }
        return code
    }

    /// Copies a bundle under another name, verifies the copy, makes it durable, and only then gives it its name. False if
    /// it is there already.
    private func collect(_ bundle: URL, into folder: URL) throws -> Bool {
        let target = folder.appending(path: bundle.lastPathComponent)
        if FileManager.default.fileExists(atPath: target.path) {
            if try Digest(ofFile: target) == Digest(ofFile: bundle) { return false }
            throw Failure(
                "another file of this name is there", at: target.path, remedy: "move it away and collect again")
        }
        let draft = folder.appending(path: ".\(bundle.lastPathComponent).\(getpid()).tmp")
        defer { unlink(draft.path) }
        unlink(draft.path)
        do { try FileManager.default.copyItem(at: bundle, to: draft) } catch {
            throw Failure(
                "the bundle cannot be copied: \(error.localizedDescription)", at: bundle.path,
                remedy: "check permissions and free space (df)", cause: .system)
        }
        if let problem = Bundles.Bundle(draft).verify().first {
            throw Failure(
                "the bundle is damaged: \(problem)", at: bundle.path,
                remedy: "look at it with 'jdnas bundle verify'; run the job again if it stays so")
        }
        try sync(draft)
        guard link(draft.path, target.path) == 0 else {
            if errno == EEXIST { return false }
            throw Failure.system("link", at: target.path, errno: errno)
        }
        try DurableFile.syncDirectory(folder)
        return true
    }

    private func sync(_ file: URL) throws {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.system("open", at: file.path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure.system("fsync", at: file.path, errno: errno) }
    }
}
