import Foundation
import Spool

/// The last lines of a log.
enum LogTail {
    /// The log of an attempt, if there is one.
    static func link(_ attempt: AttemptFolder) -> PageLink? {
        FileStatus(attempt.log) == nil ? nil : PageLink("log", "\(attempt.path)/log.txt")
    }

    static func lines(of log: URL) -> [String] {
        guard isFile(log), let handle = try? FileHandle(forReadingFrom: log) else { return [] }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        let piece: UInt64 = 8192
        guard (try? handle.seek(toOffset: size > piece ? size - piece : 0)) != nil else { return [] }
        let data = (try? handle.read(upToCount: Int(piece))) ?? Data()
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(Limits.logLines)
            .map { cut(String($0), Limits.line) }
    }

    /// Whoever opens a pipe waits for its other end.
    private static func isFile(_ url: URL) -> Bool { FileStatus(url)?.kind == .file }

    /// The beginning of a text file; empty when it cannot be read.
    static func beginning(of file: URL, bytes: Int) -> String {
        guard isFile(file), let handle = try? FileHandle(forReadingFrom: file) else { return "" }
        defer { try? handle.close() }
        return String(decoding: (try? handle.read(upToCount: bytes)) ?? Data(), as: UTF8.self)
    }
}
