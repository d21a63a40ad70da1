import Basics
public import Foundation
import Glibc

/// Reads YAML files that users name, whatever stands there.
public enum YAMLFile {
    /// The bytes of a regular file that is no larger than a YAML file may be. Nothing is read of a larger one, and a pipe does
    /// not make us wait (open(2), `O_NONBLOCK`).
    ///
    /// Throws `Failure` with what is wrong, to be told at the place where the file is named.
    public static func read(_ url: URL) throws -> Data {
        let descriptor = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == EACCES {
                throw Failure("the file cannot be read", at: url.path, remedy: "check the file's permissions")
            }
            throw Failure(
                "the file cannot be read: \(String(cString: strerror(errno)))", at: url.path, remedy: "check the path")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure.system("fstat", at: url.path, errno: errno) }
        guard status.st_mode & S_IFMT == Glibc.S_IFREG else {
            let kind = status.st_mode & S_IFMT == Glibc.S_IFDIR ? "a folder" : "a pipe or a device"
            throw Failure("this is \(kind), not a file", at: url.path, remedy: "name a regular file")
        }
        guard status.st_size <= YAMLNode.Limit.bytes else {
            throw YAMLNode.Limit.failure(bytes: Int(status.st_size), at: url.path)
        }
        do {
            // It may have grown since: not more than one byte too many.
            return try file.read(upToCount: YAMLNode.Limit.bytes + 1) ?? Data()
        } catch {
            throw Failure(
                "the file cannot be read: \(error.localizedDescription)", at: url.path, remedy: "check the disk",
                cause: .system)
        }
    }

    /// The same; what is wrong is told at the file's own beginning.
    public static func read(_ url: URL, name: String) throws(Diagnostics) -> Data {
        do { return try read(url) } catch {
            let failure = error as? Failure
            throw Diagnostics([
                Diagnostic(
                    file: name, mark: Mark(line: 1, column: 1), message: failure?.what ?? "\(error)",
                    remedy: failure?.remedy)
            ])
        }
    }
}
