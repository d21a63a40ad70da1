import Foundation
import TestSupport

/// The project's own folder, and the programs that were built beside the tests.
enum Project {
    static let root = BuiltPrograms.root
    static let programs = BuiltPrograms.folder

    /// The names of the folders in a folder of the project.
    static func folders(in path: String) throws -> [String] {
        let url = root.appending(path: path)
        return try FileManager.default.contentsOfDirectory(atPath: url.path).filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: url.appending(path: name).path, isDirectory: &isFolder)
                && isFolder.boolValue
        }.sorted()
    }
}

extension TemporaryFolder {
    /// A folder with copies of parts of the project.
    convenience init(copying paths: [String]) throws {
        try self.init()
        for path in paths {
            let place = self[path]
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: Project.root.appending(path: path), to: place)
        }
    }

    /// The text of a file in it.
    func text(_ path: String) throws -> String { try String(contentsOf: self[path], encoding: .utf8) }
}

/// How a program ended, and what it wrote.
struct Outcome {
    var code: Int32
    var output: String
    var error: String
}

/// Runs a built program in a folder and waits for it. Output goes through files, so that nothing can block.
func run(
    _ arguments: [String], of program: String = "jdnas", in folder: URL, environment: [String: String] = [:]
) throws -> Outcome {
    try run(arguments, of: Project.programs.appending(path: program), in: folder, environment: environment)
}

/// The same for any program.
func run(_ arguments: [String], of program: URL, in folder: URL, environment: [String: String] = [:]) throws -> Outcome
{
    let captured = try ["out", "err"].map { name -> (URL, FileHandle) in
        let url = FileManager.default.temporaryDirectory.appending(path: "jdnas-\(name)-\(UUID().uuidString)")
        try Data().write(to: url)
        return (url, try FileHandle(forWritingTo: url))
    }
    defer { for (url, _) in captured { try? FileManager.default.removeItem(at: url) } }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = captured[0].1
    process.standardError = captured[1].1
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    try process.run()
    process.waitUntilExit()
    let texts = try captured.map { String(decoding: try Data(contentsOf: $0.0), as: UTF8.self) }
    return Outcome(code: process.terminationStatus, output: texts[0], error: texts[1])
}
