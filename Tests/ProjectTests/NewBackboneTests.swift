import Foundation
import TestSupport
import Testing

/// `scripts/new-backbone`, in a copy of what it reads.
@Suite struct NewBackboneTests {
    private let folder: TemporaryFolder
    private static let copied = [
        "Package.swift", "scripts/new-backbone", "scripts/new-plugin.bash", "Sources/jdnas-stage",
        "Tests/SampleBackbone",
        "Tests/SampleBackboneTests", "Plugins/ResNet", ".swift-format",
    ]

    init() throws { folder = try TemporaryFolder(copying: Self.copied) }

    private func newBackbone(_ arguments: String...) throws -> Outcome {
        try run(arguments, of: folder["scripts/new-backbone"], in: folder.url)
    }

    /// What is written is the sample that is built and tested here, by another name.
    @Test func writesTheSampleUnderItsName() throws {
        let outcome = try newBackbone("TinyNet")
        #expect(outcome.code == 0, "\(outcome.error)")
        func renamed(_ path: String) throws -> String {
            try folder.text(path).replacing("SampleBackbone", with: "TinyNet").replacing(
                "samplebackbone", with: "tinynet")
        }
        // Imports are in order under the new name too.
        func sorted(_ text: String) -> [Substring] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.filter { $0.contains("import ") }.sorted() + lines.filter { !$0.contains("import ") }
        }
        #expect(
            try sorted(folder.text("Plugins/TinyNet/TinyNet.swift"))
                == sorted(renamed("Tests/SampleBackbone/SampleBackbone.swift")))
        #expect(
            try sorted(folder.text("Tests/TinyNetTests/TinyNetTests.swift"))
                == sorted(renamed("Tests/SampleBackboneTests/SampleBackboneTests.swift")))
    }

    @Test func registersIt() throws {
        #expect(try newBackbone("TinyNet").code == 0)
        let package = try folder.text("Package.swift")
        let catalog = try folder.text("Sources/jdnas-stage/Catalog.swift")
        func count(_ pattern: some RegexComponent, _ text: String) -> Int { text.matches(of: pattern).count }
        #expect(count(/\bplugin\(\s*"TinyNet", "Basics", "DetectorKit"\)/, package) == 1)
        #expect(
            count(/\btests\(\s*"TinyNet", "TinyNet", "BackboneConformance", "DetectorKit", "Basics"\)/, package) == 1)
        #expect(count(/name: "jdnas-stage",\s+dependencies: \[[^\]]*"TinyNet", "ResNet"/, package) == 1)
        #expect(count(/(?m)^import TinyNet$/, catalog) == 1)
        #expect(count(/let backbones: \[any Backbone\] = \[[^\]]*TinyNet\(\),[^\]]*ResNet\(\)/, catalog) == 1)
        // A second one goes beside it.
        #expect(try newBackbone("Other").code == 0)
        #expect(try folder.text("Sources/jdnas-stage/Catalog.swift").contains("TinyNet(),"))
        let check = try run(
            ["swiftc", "-parse", "Package.swift", "Sources/jdnas-stage/Catalog.swift"],
            of: URL(filePath: "/usr/bin/env"),
            in: folder.url)
        #expect(check.code == 0, "\(check.error)")
    }

    @Test(arguments: [
        ("tinynet", "is no name for a plugin"), ("Tiny-Net", "is no name for a plugin"),
        ("", "is no name for a plugin"),
        ("../Net", "is no name for a plugin"), ("ResNet", "there is a module 'ResNet' already"),
        ("Resnet", "there is a module 'ResNet' already"), ("SampleBackbone", "there is a module"),
        ("DetectorKit", "Package.swift names 'DetectorKit' already"), ("Backbone", "the code needs the word"),
    ])
    func refusesWhatIsNoNameOrTaken(_ name: String, _ what: String) throws {
        let before = try (folder.text("Package.swift"), folder.text("Sources/jdnas-stage/Catalog.swift"))
        let plugins = try FileManager.default.contentsOfDirectory(atPath: folder["Plugins"].path)
        let outcome = try newBackbone(name)
        #expect(outcome.code == 1)
        #expect(outcome.error.contains(what) && outcome.error.contains("remedy: "), "\(outcome.error)")
        #expect(try (folder.text("Package.swift"), folder.text("Sources/jdnas-stage/Catalog.swift")) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder["Plugins"].path) == plugins)
    }

    /// The guide's code is the sample's own.
    @Test func theGuidesCodeIsTheSamples() throws {
        let guide = try String(contentsOf: Project.root.appending(path: "docs/new-backbone.md"), encoding: .utf8)
        let sample =
            try folder.text("Tests/SampleBackbone/SampleBackbone.swift")
            + folder.text("Tests/SampleBackboneTests/SampleBackboneTests.swift")
        let pieces = guide.matches(of: /(?s)```swift\n(.*?)```/).map { String($0.1) }
        #expect(pieces.count >= 3)
        for piece in pieces { #expect(sample.contains(piece), "\(piece)") }
    }
}
