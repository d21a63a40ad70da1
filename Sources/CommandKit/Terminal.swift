public import Foundation
import Glibc

/// Standard output and standard error, whole lines at a time.
public enum Terminal {
    /// A line, or a text that ends in one.
    public static func print(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO) }

    public static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Writes bytes to standard output as they are.
    public static func write(_ data: Data) {
        data.withUnsafeBytes { writeAll($0, to: STDOUT_FILENO) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    /// write(2) until all is written; EINTR is retried. A reader that has gone (`| head`) ends the process by SIGPIPE.
    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(descriptor, base, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }
}
