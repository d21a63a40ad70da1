public import Foundation

/// The programs that were built beside the tests, and the project's own folder.
public enum BuiltPrograms {
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Where `jdnas` and `jdnas-stage` are: the folder of the test bundle, else `.build/release`.
    public static let folder: URL = {
        let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }.map { path in
            URL(filePath: String(path[..<(path.range(of: ".xctest")?.lowerBound ?? path.endIndex)]))
        }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map {
            URL(filePath: $0)
        }
        let folders = (bundles + [own].compactMap { $0 }).map { $0.deletingLastPathComponent() }
        return folders.first { FileManager.default.isExecutableFile(atPath: $0.appending(path: "jdnas").path) }
            ?? root.appending(path: ".build/release")
    }()
}
