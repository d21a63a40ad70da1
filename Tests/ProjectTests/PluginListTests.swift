import Basics
import Foundation
import Testing

/// The folders under Plugins/, the targets of Package.swift and what the program was built with are the same plugins.
@Suite struct PluginListTests {
    @Test func everyFolderIsATarget() throws {
        let package = try String(contentsOf: Project.root.appending(path: "Package.swift"), encoding: .utf8)
        let pattern = /\bplugin\(\s*"(\w+)"/
        #expect(package.matches(of: pattern).map { String($0.1) }.sorted() == (try Project.folders(in: "Plugins")))
    }

    @Test func everyPluginHasAFolder() throws {
        let folders = Set(try Project.folders(in: "Plugins").map(plain))
        for name in try registered() { #expect(folders.contains(plain(name)), "no folder for '\(name)'") }
    }

    @Test func everyFolderIsRegistered() throws {
        let names = Set(try registered().map(plain))
        for folder in try Project.folders(in: "Plugins") {
            #expect(names.contains(plain(folder)), "Sources/jdnas-stage/Catalog.swift does not list \(folder)")
        }
    }

    /// `dataset-pack` and `DatasetPack` are the same.
    private func plain(_ name: String) -> String { name.replacing("-", with: "").lowercased() }

    private func registered() throws -> [String] {
        let outcome = try run(["plugins", "--json"], in: Project.root)
        #expect(outcome.code == 0, "\(outcome.error)")
        let json = try JSON(parsing: outcome.output)
        return ["stages", "backbones"].flatMap { key in json[key]?.array?.compactMap { $0["name"]?.string } ?? [] }
    }
}
