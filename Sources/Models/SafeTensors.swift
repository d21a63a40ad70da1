public import Basics
public import Foundation
public import Tensor

/// Named float32 tensors in a file of the safetensors format: the length of the header (u64, little-endian), a JSON
/// header that gives each tensor's type, shape and byte range, then the elements, row-major and little-endian.
///
/// Reading is strict: every range lies inside the file, fits its shape, and together they cover the data without gap or
/// overlap, as the format demands. F16 and BF16 are widened to float32. Ranges need no alignment.
public struct SafeTensors: Sendable {
    public var tensors: NamedTensors
    /// The header's `__metadata__`: texts by name.
    public var metadata: [String: String]

    public init(_ tensors: NamedTensors, metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// Reads a file.
    public static func read(_ url: URL) throws -> (tensors: NamedTensors, metadata: [String: String]) {
        let file = try ElementFile(url)
        let length = try SafeTensorsHeader.length(file.data(8, at: 0), fileSize: file.size, at: url.path)
        let header = try SafeTensorsHeader(file.data(length, at: 8), fileSize: file.size, at: url.path)
        var tensors: NamedTensors = [:]
        for (name, entry) in header.entries {
            guard entry.element.isFloating else {
                throw SafeTensorsHeader.refusal(
                    SafeTensorsEntry.unreadable(entry.element.rawValue), name, at: url.path)
            }
            tensors[name] = try file.tensor(entry, start: header.start)
        }
        return (tensors, header.metadata)
    }

    /// Writes a file durably: it is whole, or not there. Equal tensors and metadata give equal bytes.
    public static func write(_ tensors: NamedTensors, metadata: [String: String] = [:], to url: URL) throws {
        try DurableFile.write(SafeTensors(tensors, metadata: metadata).encoded(), to: url)
    }

    /// Tells these tensors from others: what journals and lineages name weights by.
    public var digest: Digest { Digest(of: encoded()) }

    public func encoded() -> Data {
        var header: [String: JSON] = [:]
        if !metadata.isEmpty { header["__metadata__"] = .object(metadata.mapValues { .string($0) }) }
        let sorted = tensors.sorted
        var end = 0
        for (name, tensor) in sorted {
            let begin = end
            end += 4 * tensor.count
            header[name] = [
                "dtype": "F32", "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": [.integer(begin), .integer(end)],
            ]
        }
        var text = Data(JSON.object(header).canonicalText.utf8)
        // Elements begin at a multiple of 8, so that readers may map them.
        text.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8))

        var data = Data(capacity: 8 + text.count + end)
        withUnsafeBytes(of: UInt64(text.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(text)
        for (_, tensor) in sorted {
            tensor.plain().withUnsafeFloats { floats in data.append(Data(buffer: floats)) }
        }
        return data
    }
}
