import Basics
import Foundation
import Manifest
import StageKit
import TestSupport
import Testing

/// Manifests that are wrong in every way that we could think of. Each is told in an exact first message, with its place and a
/// remedy, at once.
@Suite struct BadManifestTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/manifests")

    /// The files in `Fixtures/manifests`, with what is expected of them: records of `expected.txt`.
    static let cases: [(file: String, expected: String)] = {
        let text = (try? String(contentsOf: folder.appending(path: "expected.txt"), encoding: .utf8)) ?? ""
        return text.components(separatedBy: "\n\n").compactMap { record in
            let lines = record.split(separator: "\n", maxSplits: 1)
            return lines.count == 2
                ? (String(lines[0]), String(lines[1].trimmingSuffix { $0 == "\n" })) : nil
        }
    }()

    @Test(arguments: cases) func tells(_ file: String, _ expected: String) throws {
        let diagnostics = problems(of: file, in: Self.folder)
        let first = diagnostics.first?.description.replacing(Self.folder.path, with: "BASE")
        #expect(first == "\(file):\(expected)" || first == expected)
    }

    @Test func everyFileIsExpected() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".yaml")
        }
        #expect(files.sorted() == Self.cases.map(\.file).sorted())
        #expect(files.count > 200)
    }

    /// Checks a manifest as `jdnas validate` does.
    private func problems(of file: String, in folder: URL) -> [Diagnostic] {
        let start = ContinuousClock.now
        let context = ManifestContext(base: folder, environment: ["HOME": "/home/ann"])
        let result = ManifestValidation.validate(
            path: file, from: folder, name: file, context: context, catalog: richCatalog)
        #expect(ContinuousClock.now - start < .seconds(20))
        guard case .failure(let problems) = result else { return [] }
        for problem in problems.list {
            #expect(problem.line > 0 && problem.column > 0)
            #expect(problem.remedy?.isEmpty == false, "no remedy: \(problem)")
            #expect(!problem.text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
            #expect(problem.message.count < 600 && (problem.remedy?.count ?? 0) < 600)
        }
        return problems.list
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> SubSequence {
        var end = endIndex
        while end > startIndex, condition(self[index(before: end)]) { end = index(before: end) }
        return self[..<end]
    }
}
