import Basics
import Bundles
import CommandKit
import Foundation

struct BundleVerifyCommand: Command {
    let name = "bundle verify"
    let summary = "check every member of result bundles, and say what is wrong"
    let operands = "FILE…"
    let arity = 1...100_000

    func run(_ arguments: Arguments) throws -> Int32 {
        var code: Int32 = 0
        for file in arguments.operands {
            let bundle = Bundles.Bundle(URL(filePath: file))
            let problems = bundle.verify()
            for problem in problems { Terminal.error("\(file): error: \(problem)") }
            if problems.isEmpty {
                Terminal.print("\(file): whole, \(try bundle.manifest().members.count) members")
            } else {
                Terminal.error("  remedy: copy it again, or take what is whole with 'jdnas bundle show \(file) MEMBER'")
                code = 1
            }
        }
        return code
    }
}

struct BundleListCommand: Command {
    let name = "bundle list"
    let summary = "list the members of a result bundle"
    let operands = "FILE"
    let arity = 1...1
    let options = [Option("--json", "print paths, sizes and SHA-256 digests as JSON")]

    func run(_ arguments: Arguments) throws -> Int32 {
        let members = try Bundles.Bundle(URL(filePath: arguments.operands[0])).manifest().members
        if arguments.has("--json") {
            let list = members.map { member -> JSON in
                ["path": .string(member.path), "size": .integer(member.size), "sha256": .string(member.sha256.hex)]
            }
            Terminal.print(JSON.array(list).prettyText)
        } else {
            let rows = members.map { ["\($0.size)", $0.path] }
            Terminal.print(Table(header: ["BYTES", "MEMBER"], rows: rows, right: [0]).text())
        }
        return 0
    }
}

struct BundleShowCommand: Command {
    let name = "bundle show"
    let summary = "show what a bundle is about, or write one member to standard output"
    let operands = "FILE [MEMBER]"
    let arity = 1...2

    func run(_ arguments: Arguments) throws -> Int32 {
        let bundle = Bundles.Bundle(URL(filePath: arguments.operands[0]))
        if arguments.operands.count > 1 {
            Terminal.write(try contents(of: arguments.operands[1], bundle))
        } else {
            Terminal.print(try bundle.manifest().about.prettyText)
        }
        return 0
    }

    private func contents(of member: String, _ bundle: Bundles.Bundle) throws -> Data {
        let paths = try bundle.manifest().members.map(\.path) + [BundleManifest.fileName]
        guard paths.contains(member) else {
            throw Failure(
                "the bundle has no member '\(member)'", at: bundle.url.path,
                remedy: suggestion(for: member, among: paths).map { "did you mean '\($0)'?" }
                    ?? "'jdnas bundle list' shows its members")
        }
        return try bundle.data(of: member)
    }
}

struct BundleUnpackCommand: Command {
    let name = "bundle unpack"
    let summary = "unpack a result bundle into a new folder, verified"
    let operands = "FILE"
    let arity = 1...1
    let options = [Option("--to", value: "DIR", "the folder to make (default: the bundle's name, here)")]

    func run(_ arguments: Arguments) throws -> Int32 {
        let file = URL(filePath: arguments.operands[0])
        let name = file.lastPathComponent.replacing(/\.tar(\.zst)?$/, with: "")
        let folder = arguments.value("--to") ?? (name == file.lastPathComponent ? "\(name).unpacked" : name)
        try Bundles.Bundle(file).unpack(to: URL(filePath: folder))
        Terminal.print(folder)
        return 0
    }
}
