import Basics
import Foundation
import Glibc
import Manifest
import TestSupport
import Testing

/// Whatever stands under a name that a user gave: an answer, and at once.
@Suite struct YAMLFileTests {
    @Test(.timeLimit(.minutes(10))) func tells() throws {
        let folder = try TemporaryFolder()
        mkfifo(folder["pipe"].path, 0o644)
        try Data("a: 1\n".utf8).write(to: folder["good"])
        symlink("good", folder["link"].path)
        symlink("gone", folder["dangling"].path)
        symlink("loop", folder["loop"].path)
        // 100 MB that take no place on the disk.
        try Data().write(to: folder["large"])
        truncate(folder["large"].path, 100 << 20)

        #expect(try YAMLFile.read(folder["good"]) == Data("a: 1\n".utf8))
        #expect(try YAMLFile.read(folder["link"]) == Data("a: 1\n".utf8))
        #expect(what(folder["pipe"]) == "this is a pipe or a device, not a file")
        #expect(what(URL(filePath: "/dev/zero")) == "this is a pipe or a device, not a file")
        #expect(what(folder.url) == "this is a folder, not a file")
        #expect(what(folder["dangling"]) == "the file cannot be read: No such file or directory")
        #expect(what(folder["loop"]) == "the file cannot be read: Too many levels of symbolic links")
        #expect(
            what(folder["large"]) == "the file has 104857600 bytes; a YAML file may have 4194304")
    }

    @Test func noPermission() throws {
        let folder = try TemporaryFolder()
        try Data("a: 1\n".utf8).write(to: folder["secret"])
        chmod(folder["secret"].path, 0)
        // Where root cannot lay its privileges down, there is nobody whom the file could be kept from.
        guard let said = withoutPrivileges({ what(folder["secret"]) }) else { return }
        #expect(said == "the file cannot be read")
    }

    private func what(_ url: URL) -> String? {
        do {
            _ = try YAMLFile.read(url)
            return nil
        } catch { return (error as? Failure)?.what }
    }
}
