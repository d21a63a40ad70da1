import Archive
import Basics
import Foundation
import Tensor

/// A state_dict as `torch.save` writes it (since torch 1.6): a zip of uncompressed members, `NAME/data.pkl` that
/// describes the tensors and `NAME/data/0`, `1`, … with the elements of storages.
struct TorchFile: Sendable {
    let url: URL
    /// The folder in the archive that everything lies in.
    private let folder: String
    let tensors: [String: TorchTensor]

    /// A pickle of a state_dict has some hundred bytes a tensor.
    private static let longestPickle = 64 << 20

    /// Reads the description: what tensors there are, and where their elements lie.
    init(opening url: URL) throws {
        self.url = url
        let place = url.path
        func refuse(_ what: String, remedy: String = "copy the file again, or save it again with a current torch")
            -> Failure
        { Failure(what, at: place, remedy: remedy) }

        var sizes: [String: Int] = [:]
        var pickles: [(path: String, data: Data)] = []
        var isBigEndian = false
        try Self.reader(url).forEachMember { member, stream in
            sizes[member.path] = member.size
            let parts = member.path.split(separator: "/")
            guard parts.count == 2 else { return .goOn }
            if parts[1] == "data.pkl" {
                guard member.size <= Self.longestPickle else {
                    throw refuse("'\(member.path)' has \(member.size) bytes, more than any state_dict needs")
                }
                pickles.append((member.path, try stream.readAll()))
            } else if parts[1] == "byteorder" {
                isBigEndian = try stream.readAll() != Data("little".utf8)
            }
            return .goOn
        }
        guard pickles.count == 1, let pickle = pickles.first else {
            throw refuse("the zip holds no 'NAME/data.pkl': torch.save did not write it")
        }
        folder = String(pickle.path.dropLast("/data.pkl".count))
        guard sizes["\(folder)/constants.pkl"] == nil else {
            throw refuse(
                "this is a TorchScript program, not a state_dict",
                remedy: "load it with torch.jit.load and save the weights alone: torch.save(module.state_dict(), FILE)")
        }
        guard !isBigEndian else {
            throw refuse("its elements are big-endian", remedy: "save it on a little-endian machine, or as safetensors")
        }
        tensors = try stateDictionary(in: PickleMachine.value(of: pickle.data, at: place), at: place)
        for (name, tensor) in tensors {
            let storage = tensor.storage
            guard let size = sizes["\(folder)/data/\(storage.key)"] else {
                throw refuse("the elements of '\(name)' are missing: there is no member 'data/\(storage.key)'")
            }
            guard size == storage.count * storage.element.size else {
                throw refuse(
                    "the elements of '\(name)' are \(storage.count) of \(storage.element.size) bytes, "
                        + "but 'data/\(storage.key)' has \(size) bytes")
            }
        }
    }

    /// Nothing is compressed: the members have no more bytes than the file.
    private static func reader(_ url: URL) throws -> ArchiveReader {
        // Of what is opened, where the name is a link.
        let size = try ElementFile(url).size
        var limits = ArchiveLimits()
        limits.members = 1_000_000
        limits.memberBytes = size
        limits.totalBytes = size
        limits.memoryBytes = size
        return ArchiveReader(url, container: .zip, limits: limits)
    }

    /// The elements of the tensors named, row-major.
    func read(_ names: Set<String>) throws -> NamedTensors {
        let wanted = tensors.filter { names.contains($0.key) }
        var result: NamedTensors = [:]
        let byMember = Dictionary(grouping: wanted) { "\(folder)/data/\($0.value.storage.key)" }
        try Self.reader(url).forEachMember { member, stream in
            guard let here = byMember[member.path] else { return .goOn }
            let data = try stream.readAll()
            guard here.allSatisfy({ data.count == $0.value.storage.count * $0.value.storage.element.size }) else {
                throw Self.changed(url)
            }
            var views: [TorchTensor: Tensor] = [:]
            for (name, tensor) in here {
                let value = views[tensor] ?? data.withUnsafeBytes { tensor.elements(in: $0) }
                views[tensor] = value
                result[name] = value
            }
            return .goOn
        }
        guard result.count == wanted.count else { throw Self.changed(url) }
        return result
    }

    private static func changed(_ url: URL) -> Failure {
        Failure("the file has changed while it was read", at: url.path, remedy: "read it when it is written")
    }
}

extension TorchTensor {
    /// Gathers the elements out of the storage's bytes.
    fileprivate func elements(in bytes: UnsafeRawBufferPointer) -> Tensor {
        let element = storage.element
        let count = count
        // Sides beside a 0 may be too large to be multiplied.
        if count == 0 { return Tensor(shape) { _ in } }
        let contiguous = contiguousStrides
        return Tensor(shape) { floats in
            if strides == contiguous {
                let start = offset * element.size
                element.decode(UnsafeRawBufferPointer(rebasing: bytes[min(start, bytes.count)...]), into: floats)
                return
            }
            for index in 0..<count {
                var place = offset
                for axis in shape.indices { place += index / contiguous[axis] % shape[axis] * strides[axis] }
                floats[index] = element.value(in: bytes, at: place)
            }
        }
    }

    /// The strides of row-major order.
    private var contiguousStrides: [Int] {
        shape.indices.map { axis in shape[(axis + 1)...].reduce(1, *) }
    }
}

/// The tensors of a state_dict, or of the one that a checkpoint holds among other things.
func stateDictionary(in value: PickleValue, at place: String) throws -> [String: TorchTensor] {
    func refuse(_ what: String) -> Failure {
        Failure(what, at: place, remedy: "save the weights alone: torch.save(model.state_dict(), FILE)")
    }
    guard case .dictionary(let top) = value else { throw refuse("the file holds \(value.kind), not a state_dict") }
    let holders = ["model", "state_dict", "model_state_dict"].filter { key in
        guard case .dictionary(let inner)? = top[key] else { return false }
        return inner.pairs.contains { $0.value.tensor != nil }
    }
    guard holders.count <= 1 else {
        throw refuse("the file holds several state_dicts: \(holders.map { "'\($0)'" }.joined(separator: ", "))")
    }
    var pairs = top.pairs
    if let key = holders.first, case .dictionary(let inner)? = top[key] { pairs = inner.pairs }
    guard pairs.contains(where: { $0.value.tensor != nil }) else {
        let keys = top.pairs.compactMap(\.key.text).prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        throw refuse("the file holds no state_dict" + (keys.isEmpty ? "" : "; its entries are \(keys)"))
    }
    var tensors: [String: TorchTensor] = [:]
    for (key, value) in pairs {
        guard let name = key.text else { throw refuse("the state_dict has \(key.kind) for a name") }
        guard let tensor = value.tensor else { throw refuse("'\(name)' in the state_dict is \(value.kind), no tensor") }
        guard tensors.updateValue(tensor, forKey: name) == nil else { throw refuse("'\(name)' is there twice") }
    }
    return tensors
}
