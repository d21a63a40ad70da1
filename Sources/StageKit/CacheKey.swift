public import Basics
import Foundation
import Spool

extension StageRequest {
    /// The digest that a result is found by, for another job: the request's key, and what that leaves out. Files and folders
    /// that options name count by the paths, sizes and times of all that is in them, so that a data set that was touched is
    /// packed again; a result that holds for its machine only, by the machine's name. Nil where a result is not to be used
    /// again.
    public static func cacheKey(_ key: Digest, of stage: ResolvedJob.Stage, host: String) throws -> Digest? {
        guard let reuse = stage.reuse, reuse != .never else { return nil }
        var lines = ["jdnas-cache-key/1", key.hex, reuse == .thisMachine ? host : ""]
        for path in texts(in: stage.options).compactMap(existingPath).sorted() {
            lines.append(path)
            lines += signature(of: path)
        }
        return Digest(of: lines.joined(separator: "\n"))
    }

    private static func texts(in json: JSON) -> [String] {
        switch json {
        case .string(let text): [text]
        case .array(let values): values.flatMap(texts)
        case .object(let members): members.values.flatMap(texts)
        case .null, .bool, .number, .integer: []
        }
    }

    /// Options hold absolute paths, or file URLs; a text that happens to name something there does no harm.
    private static func existingPath(_ text: String) -> String? {
        let path = text.hasPrefix("file://") ? URL(string: text)?.path : text.hasPrefix("/") ? text : nil
        return path.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
    }

    private static func signature(of path: String) -> [String] {
        func line(_ path: String) -> String {
            guard let status = FileStatus(URL(filePath: path).resolvingSymlinksInPath()) else {
                return "\(path) is gone"
            }
            return "\(path) \(status.size) \(status.modified) \(status.inode)"
        }
        let inside = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return [line(path)] + inside.sorted().map { line("\(path)/\($0)") }
    }
}
