import Foundation
import Manifest
import TestSupport
import Testing

/// What documents and examples say is what the programs do.
@Suite struct DocumentationTests {
    @Test func manifestsInDocumentsAreUnderstood() throws {
        let docs = Project.root.appending(path: "docs")
        var files = try FileManager.default.contentsOfDirectory(atPath: docs.path).map { docs.appending(path: $0) }
        files.append(Project.root.appending(path: "README.md"))
        var count = 0
        for file in files where file.pathExtension == "md" {
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            for block in text.matches(of: /(?s)```yaml\n(job:.*?)```/) {
                count += 1
                _ = try JobManifest(parsing: Data(block.1.utf8), file: file.lastPathComponent)
            }
        }
        #expect(count >= 2)
    }

    /// `jdnas plugins --markdown > docs/plugins.md` writes it anew.
    @Test func referenceOfOptionsIsCurrent() throws {
        let text = try String(contentsOf: Project.root.appending(path: "docs/plugins.md"), encoding: .utf8)
        #expect(try run(["plugins", "--markdown"], in: Project.root).output == text)
    }

    @Test(.enabled(if: SharedFolder.isPresent, Comment(rawValue: SharedFolder.hint))) func jobsAreFine() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Project.root.appending(path: "jobs").path)
        let jobs = names.filter { $0.hasSuffix(".yaml") }.map { "jobs/\($0)" }
        #expect(!jobs.isEmpty)
        let outcome = try run(["validate"] + jobs, in: Project.root)
        #expect(outcome.code == 0, "\(outcome.error)")
    }
}
