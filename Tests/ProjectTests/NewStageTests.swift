import Foundation
import SampleStage
import StageKit
import TestSupport
import Testing

/// `scripts/new-stage`, in a copy of what it reads.
@Suite struct NewStageTests {
    private let folder: TemporaryFolder
    private static let copied = [
        "Package.swift", "scripts/new-stage", "scripts/new-plugin.bash", "Sources/jdnas-stage", "Sources/StageKit",
        "Tests/SampleStage", "Tests/SampleStageTests", "Plugins/CompareModes", "docs/plugins.md", ".swift-format",
    ]
    /// What the script changes.
    private static let registers = ["Package.swift", "Sources/jdnas-stage/Catalog.swift", "docs/plugins.md"]

    init() throws { folder = try TemporaryFolder(copying: Self.copied) }

    private func newStage(_ arguments: String...) throws -> Outcome {
        try run(arguments, of: folder["scripts/new-stage"], in: folder.url)
    }

    /// Every file below the folder, with its contents.
    private func contents() throws -> [String: Data] {
        try Dictionary(uniqueKeysWithValues: folder.files().map { ($0, try Data(contentsOf: folder[$0])) })
    }

    /// What is written is the sample that is built and tested here, by another name.
    @Test func writesTheSampleUnderItsName() throws {
        let outcome = try newStage("PictureStats")
        #expect(outcome.code == 0, "\(outcome.error)")
        func renamed(_ path: String) throws -> String {
            try folder.text(path).replacing("SampleStage", with: "PictureStats")
                .replacing("sample-stage", with: "picture-stats")
        }
        // Imports are in order under the new name too.
        func sorted(_ text: String) -> [Substring] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.filter { $0.contains("import ") }.sorted() + lines.filter { !$0.contains("import ") }
        }
        #expect(
            try sorted(folder.text("Plugins/PictureStats/PictureStats.swift"))
                == sorted(renamed("Tests/SampleStage/SampleStage.swift")))
        #expect(
            try sorted(folder.text("Tests/PictureStatsTests/PictureStatsTests.swift"))
                == sorted(renamed("Tests/SampleStageTests/SampleStageTests.swift")))
        let style = try run(
            ["swift", "format", "lint", "--strict", "-r", "Plugins", "Tests", "Package.swift", "Sources/jdnas-stage"],
            of: URL(filePath: "/usr/bin/env"), in: folder.url)
        #expect(style.code == 0, "\(style.error)")
    }

    @Test func registersIt() throws {
        #expect(try newStage("PictureStats").code == 0)
        // A second one goes beside it; its name in manifests is made of its words.
        #expect(try newStage("COCOStats2").code == 0)
        let package = try folder.text("Package.swift")
        let catalog = try folder.text("Sources/jdnas-stage/Catalog.swift")
        func count(_ pattern: some RegexComponent, _ text: String) -> Int { text.matches(of: pattern).count }
        #expect(
            count(
                /\bplugin\(\s*"(PictureStats|COCOStats2)", "Basics", "Manifest", "StageKit", "Dataset", "Images"\)/,
                package) == 2)
        #expect(
            count(
                /\btests\(\s*"PictureStats", "PictureStats", "StageConformance", "StageKit", "Dataset", "Images", "Basics"\)/,
                package) == 1)
        #expect(count(/name: "jdnas-stage",\s+dependencies: \[[^\]]*"PictureStats"/, package) == 1)
        #expect(count(/(?m)^import PictureStats$/, catalog) == 1)
        #expect(
            count(
                /let stages: \[any StagePlugin\] = \[[^\]]*CompareModes\(\),\s+PictureStats\(\),\s+COCOStats2\(\),\s+\]/,
                catalog) == 1)
        #expect(try folder.text("Plugins/COCOStats2/COCOStats2.swift").contains("name = \"coco-stats2\""))
        let check = try run(
            ["swiftc", "-parse", "Package.swift", "Sources/jdnas-stage/Catalog.swift"],
            of: URL(filePath: "/usr/bin/env"), in: folder.url)
        #expect(check.code == 0, "\(check.error)")
    }

    /// The reference of options is what `jdnas plugins --markdown` would write.
    @Test func theReferenceListsIt() throws {
        let before = try folder.text("docs/plugins.md")
        #expect(try newStage("PictureStats").code == 0)
        let section = StageDescription(SampleStage()).markdown.replacing("sample-stage", with: "picture-stats")
        #expect(try folder.text("docs/plugins.md") == before + "\n" + section + "\n")
    }

    @Test(arguments: [
        ("pictures", "is no name for a plugin"), ("Picture-Stats", "is no name for a plugin"),
        ("", "is no name for a plugin"), ("../Stats", "is no name for a plugin"), ("Größe", "is no name for a plugin"),
        ("Self", "is a word or module of Swift's own"), ("Type", "is a word or module of Swift's own"),
        ("Foundation", "is a word or module of Swift's own"), ("String", "is a word or module of Swift's own"),
        ("CompareModes", "there is a module 'CompareModes' already"),
        ("Comparemodes", "there is a module 'CompareModes' already"), ("SampleStage", "there is a module"),
        ("Dataset", "Package.swift names 'Dataset' already"), ("Statistics", "the code needs the word"),
        ("StageRequest", "there is a type 'StageRequest' already"),
    ])
    func refusesWhatIsNoNameOrTaken(_ name: String, _ what: String) throws {
        let before = try contents()
        let outcome = try newStage(name)
        #expect(outcome.code == 1)
        #expect(outcome.error.contains(what) && outcome.error.contains("remedy: "), "\(outcome.error)")
        #expect(try contents() == before)
    }

    @Test func theSecondTimeChangesNothing() throws {
        #expect(try newStage("PictureStats").code == 0)
        let before = try contents()
        let outcome = try newStage("PictureStats")
        #expect(outcome.code == 1 && outcome.error.contains("there is a module 'PictureStats' already"))
        #expect(try contents() == before)
        #expect(try newStage("One", "Two").code == 1)
        #expect(try contents() == before)
    }

    /// Half-way through, one of the files cannot be written.
    @Test func whatCannotEndIsTakenBack() throws {
        // A link to nowhere in the place of the tests' folder.
        try FileManager.default.createSymbolicLink(
            atPath: folder["Tests/PictureStatsTests"].path, withDestinationPath: "/nowhere/at/all")
        let before = try contents()
        let outcome = try newStage("PictureStats")
        #expect(outcome.code == 1 && outcome.error.contains("the plugin could not be written"), "\(outcome.error)")
        #expect(try contents() == before)
        #expect(!FileManager.default.fileExists(atPath: folder["Plugins/PictureStats"].path))
    }

    /// A file that is not laid out as it was is left alone.
    @Test func anUnknownLayoutIsTold() throws {
        let catalog = try folder.text("Sources/jdnas-stage/Catalog.swift").replacing("let stages:", with: "let all:")
        try folder.write(catalog, to: "Sources/jdnas-stage/Catalog.swift")
        let before = try contents()
        let outcome = try newStage("PictureStats")
        #expect(outcome.code == 1 && outcome.error.contains("Catalog.swift is not laid out as this script knows it"))
        #expect(try contents() == before)
    }

    /// The guide's code is the sample's own.
    @Test func theGuidesCodeIsTheSamples() throws {
        let guide = try String(contentsOf: Project.root.appending(path: "docs/new-stage.md"), encoding: .utf8)
        let sample =
            try folder.text("Tests/SampleStage/SampleStage.swift")
            + folder.text("Tests/SampleStageTests/SampleStageTests.swift")
        let pieces = guide.matches(of: /(?s)```swift\n(.*?)```/).map { String($0.1) }
        #expect(pieces.count >= 5)
        for piece in pieces { #expect(sample.contains(piece), "\(piece)") }
    }

    /// The guide tells every aspect of the suite, and no other.
    @Test func theGuideTellsEveryAspect() throws {
        let guide = try String(contentsOf: Project.root.appending(path: "docs/new-stage.md"), encoding: .utf8)
        let table = try #require(guide.firstMatch(of: /(?s)\| aspect \|.*?\n\n/)).output
        let source = try String(
            contentsOf: Project.root.appending(path: "Sources/StageConformance/StageConformance.swift"),
            encoding: .utf8)
        let cases = source.matches(of: /(?m)^        case (\w+)$/).map { String($0.1) }
        #expect(cases.count == 8)
        #expect(table.matches(of: /(?m)^\| (\w+) \|/).map { String($0.1) } == ["aspect"] + cases)
    }
}
