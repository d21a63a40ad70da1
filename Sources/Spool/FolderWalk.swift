import Basics
public import Foundation

/// What lies below a folder that is, or will be, a published result. Links and devices are refused: they would let it change
/// after it was published.
public struct FolderWalk: Sendable {
    /// Relative, with `/`; sorted.
    public let files: [String]
    /// Each after the one that holds it.
    public let folders: [String]

    public init(_ root: URL) throws {
        var files: [String] = []
        var folders: [String] = []
        var waiting = [""]
        while let folder = waiting.popLast() {
            for name in try FileSystem().list(folder.isEmpty ? root : root.appending(path: folder)) {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                let url = root.appending(path: path)
                switch FileStatus(url)?.kind {
                case .file: files.append(path)
                case .folder:
                    folders.append(path)
                    waiting.append(path)
                case .other, nil:
                    throw Failure(
                        "an artifact may hold regular files and folders only", at: url.path,
                        remedy: "write a copy of the file instead of a link", cause: .defect)
                }
            }
        }
        self.files = files.sorted()
        self.folders = folders
    }
}
