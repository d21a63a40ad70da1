import Basics
import Foundation
import Glibc
import Tensor

/// A file that elements are read from at known places, straight into the memory of their tensors.
struct ElementFile {
    private let handle: FileHandle
    private let place: String
    let size: Int

    init(_ url: URL) throws {
        place = url.path
        do {
            handle = try FileHandle(forReadingFrom: url)
            size = Int(try handle.seekToEnd())
        } catch { throw Self.unreadable(url.path) }
    }

    /// At most `count` bytes, fewer where the file ends before.
    func data(_ count: Int, at offset: Int) throws -> Data {
        var data = Data(count: max(0, min(count, size - offset)))
        try data.withUnsafeMutableBytes { try read($0, at: offset) }
        return data
    }

    /// The tensor that an entry of a header describes; `start` is where the elements begin in the file.
    func tensor(_ entry: SafeTensorsEntry, start: Int) throws -> Tensor {
        let offset = start + entry.range.lowerBound
        if entry.element == .float32, UInt32(1).littleEndian == 1 {
            return try Tensor(entry.shape) { try read(UnsafeMutableRawBufferPointer($0), at: offset) }
        }
        let data = try data(entry.range.count, at: offset)
        return data.withUnsafeBytes { bytes in Tensor(entry.shape) { entry.element.decode(bytes, into: $0) } }
    }

    /// Fills the memory by pread(2).
    private func read(_ memory: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        var done = 0
        while let base = memory.baseAddress, done < memory.count {
            let count = pread(handle.fileDescriptor, base + done, memory.count - done, off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.unreadable(place)
            }
            guard count > 0 else {
                throw SafeTensorsHeader.refusal("the file became shorter while it was read", at: place)
            }
            done += count
        }
    }

    static func unreadable(_ place: String) -> Failure {
        Failure(
            "this file can not be read", at: place, remedy: "check that it exists and is readable", cause: .system)
    }
}
