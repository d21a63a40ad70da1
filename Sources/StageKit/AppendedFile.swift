import Foundation
import Glibc
import Synchronization

/// A file for looking at that grows by whole records. It is made with the first one; where it cannot be made or written, the work
/// goes on without it.
final class AppendedFile: Sendable {
    private let state = Mutex<State>(.untouched)

    private enum State {
        case untouched
        case open(descriptor: Int32)
        case abandoned
    }

    deinit {
        state.withLock { if case .open(let descriptor) = $0 { close(descriptor) } }
    }

    /// - Parameter opening: where the file is to lie, and what it begins with if it is a new one; asked for the first record.
    func append(_ record: [UInt8], opening: () -> (file: URL, head: [UInt8])) {
        state.withLock { state in
            if case .untouched = state { state = Self.open(opening()) }
            guard case .open(let descriptor) = state else { return }
            if !Self.write(record, to: descriptor) {
                close(descriptor)
                state = .abandoned
            }
        }
    }

    private static func open(_ place: (file: URL, head: [UInt8])) -> State {
        let folder = place.file.deletingLastPathComponent()
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let descriptor = Glibc.open(place.file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return .abandoned }
        guard place.head.isEmpty || write(place.head, to: descriptor) else {
            close(descriptor)
            return .abandoned
        }
        return .open(descriptor: descriptor)
    }

    /// One write(2) a record: a reader sees whole ones. What a full disk leaves of one is taken away.
    private static func write(_ record: [UInt8], to descriptor: Int32) -> Bool {
        let size = lseek(descriptor, 0, SEEK_END)
        let written = record.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written == record.count { return true }
        if written > 0, size >= 0 { _ = ftruncate(descriptor, size) }
        return false
    }
}
