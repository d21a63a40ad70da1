public import Foundation

/// The reference data beside the project (`../shared`, or `$JDNAS_SHARED`). Tests that need it are skipped without it.
public enum SharedFolder {
    public static let url: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = ProcessInfo.processInfo.environment["JDNAS_SHARED"]
        let url = path.map { URL(filePath: $0) } ?? root.deletingLastPathComponent().appending(path: "shared")
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }()

    /// For `.enabled(if: SharedFolder.isPresent, Comment(rawValue: SharedFolder.hint))`.
    public static var isPresent: Bool { url != nil }
    public static let hint = "the reference data is not there: put it at ../shared or set JDNAS_SHARED"
}
