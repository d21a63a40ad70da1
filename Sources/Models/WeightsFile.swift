import Basics
public import Foundation
public import Tensor

/// A file of named tensors, in safetensors or as `torch.save` writes a state_dict: what is in it is known when it is
/// open, and elements are read when they are asked for.
///
/// Reading is strict, and no code is ever run: see `SafeTensors` and `PickleMachine`.
public struct WeightsFile: Sendable {
    private enum Format: Sendable {
        case safeTensors(SafeTensorsHeader)
        case torch(TorchFile)
    }

    public let url: URL
    /// Every tensor's shape.
    public let shapes: [String: [Int]]
    private let format: Format

    /// Opens a file; what its first bytes are tells the format.
    public init(opening url: URL) throws {
        self.url = url
        let place = url.path
        let (handle, size) = try Self.open(url)
        defer { try? handle.close() }
        let start = try Self.read(handle, 8, place)
        if start.starts(with: [0x50, 0x4B]) {
            let file = try TorchFile(opening: url)
            format = .torch(file)
            shapes = file.tensors.mapValues(\.shape)
            return
        }
        if start.first == 0x80 {
            throw Failure(
                "this is a .pth of the old kind (before torch 1.6), a bare pickle", at: place,
                remedy: "load it with a current torch and save it again with torch.save, or as safetensors")
        }
        let length = try SafeTensorsHeader.length(start, fileSize: size, at: place)
        let header = try SafeTensorsHeader(Self.read(handle, length, place), fileSize: size, at: place)
        format = .safeTensors(header)
        shapes = header.entries.mapValues(\.shape)
    }

    /// Reads tensors by name, as float32. Names that the file lacks are passed over.
    public func read(_ names: Set<String>) throws -> NamedTensors {
        for name in names.sorted() where type(of: name)?.isFloating == false {
            throw Failure(
                "the elements are of the type \(type(of: name)?.rawValue ?? "")", at: "\(url.path): '\(name)'",
                remedy: "give floating-point weights; a quantised model is to be converted first")
        }
        switch format {
        case .torch(let file): return try file.read(names)
        case .safeTensors(let header):
            let handle = try Self.open(url).handle
            defer { try? handle.close() }
            var tensors: NamedTensors = [:]
            // In the order of the file.
            let wanted = header.entries.filter { names.contains($0.key) }
            for (name, entry) in wanted.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound }) {
                try handle.seek(toOffset: UInt64(header.start + entry.range.lowerBound))
                let data = try Self.read(handle, entry.range.count, url.path)
                guard data.count == entry.range.count else {
                    throw SafeTensorsHeader.refusal("the file became shorter while it was read", at: url.path)
                }
                tensors[name] = data.withUnsafeBytes { bytes in
                    Tensor(entry.shape) { entry.element.decode(bytes, into: $0) }
                }
            }
            return tensors
        }
    }

    private func type(of name: String) -> ElementType? {
        switch format {
        case .safeTensors(let header): header.entries[name]?.element
        case .torch(let file): file.tensors[name]?.storage.element
        }
    }

    private static func open(_ url: URL) throws -> (handle: FileHandle, size: Int) {
        do {
            let handle = try FileHandle(forReadingFrom: url)
            let size = try handle.seekToEnd()
            try handle.seek(toOffset: 0)
            return (handle, Int(size))
        } catch { throw unreadable(url.path) }
    }

    private static func read(_ handle: FileHandle, _ count: Int, _ place: String) throws -> Data {
        do { return try handle.read(upToCount: count) ?? Data() } catch { throw unreadable(place) }
    }

    private static func unreadable(_ place: String) -> Failure {
        Failure(
            "this file can not be read", at: place, remedy: "check that it exists and is readable", cause: .system)
    }
}
