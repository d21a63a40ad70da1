import Foundation
import TestSupport

/// A time of day for the programs that can be set, by Tests/Programs/jumping-clock.c: it is loaded into them from outside, and
/// they hold nothing for it. Clocks that nobody can set, and the times of files, stay true.
///
/// libfaketime would do the same, but its processes share a semaphore: one that is killed while it holds it lets all others wait
/// for ever.
final class FakeClock {
    /// What programs need in their environment to see it.
    let environment: [String: String]
    /// How far it is from the true one, in seconds.
    private(set) var error = 0.0
    private let file: URL

    /// Nil where no compiler is found, or the library does not work.
    ///
    /// - Parameter folder: for the library, and the clock's offset.
    init?(in folder: URL) {
        file = folder.appending(path: "clock")
        let library = folder.appending(path: "clock.so").path
        environment = ["LD_PRELOAD": library, "JDNAS_TEST_CLOCK": file.path]
        guard Command.buildLibrary("jumping-clock.c", at: library), (try? Data(count: 8).write(to: file)) != nil else {
            return nil
        }
        move(by: 86_400)
        guard abs(told() - Date().timeIntervalSince1970 - 86_400) < 600 else { return nil }
        move(by: -86_400)
    }

    /// What a program takes for the time.
    private func told() -> Double {
        let date = try? Command(URL(filePath: "/usr/bin/env"), ["date", "+%s"], environment: environment)
        return Double(date?.wait().output.trimmingCharacters(in: .whitespacesAndNewlines) ?? "") ?? 0
    }

    /// Sets it forward, or back, for all programs at once, also those that run.
    func move(by seconds: Double) {
        error += seconds
        // In place: they have it mapped.
        guard let handle = try? FileHandle(forUpdating: file) else { return }
        try? handle.write(contentsOf: withUnsafeBytes(of: Int64(error * 1e9)) { Data($0) })
        try? handle.close()
    }
}
