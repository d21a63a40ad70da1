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
        let file = try ElementFile(url)
        let start = try file.data(8, at: 0)
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
        let length = try SafeTensorsHeader.length(start, fileSize: file.size, at: place)
        let header = try SafeTensorsHeader(file.data(length, at: 8), fileSize: file.size, at: place)
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
            let file = try ElementFile(url)
            var tensors: NamedTensors = [:]
            // In the order of the file.
            let wanted = header.entries.filter { names.contains($0.key) }
            for (name, entry) in wanted.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound }) {
                tensors[name] = try file.tensor(entry, start: header.start)
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
}
