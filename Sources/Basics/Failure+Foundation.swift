import Foundation
import Glibc

extension Failure {
    /// What Foundation throws, told as the system tells it: its own texts vary, and a full disk must be known for one.
    ///
    /// - Parameter place: where it happened, if the error does not say.
    /// - Returns: nil for errors that are none of the machine's.
    public init?(foundation error: any Error, at place: String? = nil) {
        let (code, file): (Int32?, String?) =
            switch error {
            case let error as POSIXError: (error.code.rawValue, nil)
            case let error as CocoaError: (Failure.number(of: error), error.filePath)
            default: (nil, nil)
            }
        if let code {
            self = Failure(String(cString: strerror(code)), at: file ?? place, cause: .system)
        } else if let error = error as? CocoaError {
            self = Failure(error.localizedDescription, at: file ?? place, cause: .system)
        } else {
            return nil
        }
    }

    /// The system's own number: of the error behind it, or what its code stands for.
    private static func number(of error: CocoaError) -> Int32? {
        if let behind = error.underlying as? POSIXError { return behind.code.rawValue }
        return error.code == .fileWriteOutOfSpace ? ENOSPC : nil
    }

    /// There is less room on a disk than is needed, both in bytes; known by `isOfRoom`.
    public static func noRoom(need: Int, free: Int, at place: String) -> Failure {
        Failure(
            "\(String(cString: strerror(ENOSPC))): it needs about \(byteText(need)), and \(byteText(free)) are free",
            at: place, remedy: "make room on this disk; the stage starts by itself then", cause: .system)
    }

    /// Whether there was no room left on a disk, or no more than somebody may use of it.
    public var isOfRoom: Bool {
        cause == .system && [ENOSPC, EDQUOT].contains { what.contains(String(cString: strerror($0))) }
    }
}
