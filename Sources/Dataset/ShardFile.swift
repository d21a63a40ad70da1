import Basics
import Foundation
import Glibc

/// A shard that is open for reading by offset (pread(2)), from any number of threads.
final class ShardFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(_ shard: DatasetIndex.Shard, in folder: URL) throws {
        path = folder.appending(path: shard.name).path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure.system("open", at: path, errno: errno, remedy: "pack the data set again")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) == shard.size else { throw Self.changed(path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Goes on after short reads and EINTR.
    func read(at offset: Int, count: Int) throws -> Data {
        var data = Data(count: count)
        var done = 0
        while done < count {
            let got = data.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, count - done, off_t(offset + done))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw Failure.system("pread", at: path, errno: errno) }
            guard got > 0 else { throw Self.changed(path) }
            done += got
        }
        return data
    }

    static func changed(_ place: String) -> Failure {
        Failure("the shard is not as the index describes it", at: place, remedy: "pack the data set again")
    }
}
