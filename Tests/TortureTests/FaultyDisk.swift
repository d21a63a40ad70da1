import Foundation
import TestSupport

/// A folder whose disk can be full, or read-only, for the programs that use it, by Tests/Programs/faulty-disk.c: it is loaded into
/// them from outside, and they hold nothing for it. Needs no disk, and no root.
final class FaultyDisk {
    enum State: Int32 { case sound, full, readOnly }

    /// What programs need in their environment to see it.
    let environment: [String: String]
    private let file: URL

    /// Nil where no compiler is found, or the library does not work.
    ///
    /// - Parameters:
    ///   - folder: for the library, and the disk's state.
    ///   - disk: what the faults are in.
    init?(in folder: URL, of disk: URL) {
        file = folder.appending(path: "faults")
        let library = folder.appending(path: "faults.so").path
        environment = ["LD_PRELOAD": library, "JDNAS_TEST_DISK": file.path, "JDNAS_TEST_DISK_AT": disk.path]
        guard Command.buildLibrary("faulty-disk.c", at: library), (try? Data(count: 4).write(to: file)) != nil else {
            return nil
        }
        for state in [State.full, .readOnly] {
            set(state)
            guard touch(disk.appending(path: "probe")) != 0, touch(folder.appending(path: "probe")) == 0 else {
                return nil
            }
        }
        set(.sound)
    }

    /// How a program ends that makes a file.
    private func touch(_ file: URL) -> Int32 {
        let command = try? Command(URL(filePath: "/usr/bin/env"), ["touch", file.path], environment: environment)
        return command?.wait().code ?? -1
    }

    /// For all programs at once, also those that run.
    func set(_ state: State) {
        // In place: they have it mapped.
        guard let handle = try? FileHandle(forUpdating: file) else { return }
        try? handle.write(contentsOf: withUnsafeBytes(of: state.rawValue) { Data($0) })
        try? handle.close()
    }
}
