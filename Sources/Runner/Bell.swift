import Basics
import CLinux
import Foundation
import Glibc
import Spool

/// Wakes a runner up when something appears in the inbox, or a wish is made (inotify(7)).
///
/// A hint only: it does not see what other machines do, and loses events when there are too many at a time. The runner looks
/// by itself now and then.
final class Bell {
    let descriptor: Int32
    private let inbox: Int32
    private let wishes: Int32

    /// Nil where the kernel gives none, or does not watch these folders.
    init?(_ spool: Spool) {
        descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        let whole = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO)
        inbox = inotify_add_watch(descriptor, spool.folder(.inbox).path, whole | UInt32(IN_CREATE))
        wishes = inotify_add_watch(descriptor, spool.wishesFolder.path, whole | UInt32(IN_DELETE | IN_MOVED_FROM))
        if inbox < 0 || wishes < 0 {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// What has happened since the last call.
    struct News {
        /// Files in the inbox that somebody has finished writing, or put there whole.
        var finished: Set<String> = []
        var hasDrops = false
        var hasWishes = false
    }

    func read() -> News {
        var news = News()
        // At least one event with the longest of names (inotify(7)).
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return news }
            Bell.events(buffer[..<count]) { watch, mask, name in
                if watch == wishes { news.hasWishes = true }
                guard watch == inbox else { return }
                news.hasDrops = true
                if mask & UInt32(IN_CLOSE_WRITE | IN_MOVED_TO) != 0 { news.finished.insert(name) }
            }
        }
    }

    /// Takes `struct inotify_event` apart: watch, mask, cookie, length, then the name, padded with zeros.
    private static func events(_ bytes: ArraySlice<UInt8>, _ body: (Int32, UInt32, String) -> Void) {
        func number(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
        }
        var offset = bytes.startIndex
        while offset + 16 <= bytes.endIndex {
            let length = Int(number(offset + 12))
            guard offset + 16 + length <= bytes.endIndex else { return }
            let name = bytes[(offset + 16)..<(offset + 16 + length)].prefix { $0 != 0 }
            body(Int32(bitPattern: number(offset)), number(offset + 4), String(decoding: name, as: UTF8.self))
            offset += 16 + length
        }
    }
}
