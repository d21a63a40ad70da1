import Basics
public import Foundation
import Tensor

extension SafeTensors {
    /// A header above this is refused, as the reference implementation does.
    static let longestHeader = 100_000_000

    /// Reads a file's bytes; `place` names it in errors.
    public init(parsing data: Data, at place: String) throws {
        func refuse(_ what: String, _ tensor: String? = nil) -> Failure {
            Failure(
                what, at: tensor.map { "\(place): '\($0)'" } ?? place,
                remedy: "give an undamaged safetensors file; copy or export it anew")
        }
        guard data.count >= 8 else { throw refuse("a safetensors file has at least 8 bytes, this one \(data.count)") }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Self.longestHeader) else {
            throw refuse("the header's length, \(length), is too large: no safetensors file")
        }
        let start = 8 + Int(length)
        guard start <= data.count else {
            throw refuse("the header has \(length) bytes, the file only \(data.count): it is cut off")
        }
        let text = data.subdata(in: data.startIndex + 8..<data.startIndex + start)
        guard text.first == UInt8(ascii: "{"), let header = try? JSON(parsing: text, at: place).object else {
            throw refuse("the header is no JSON object: no safetensors file")
        }
        let elements = data.subdata(in: data.startIndex + start..<data.endIndex)

        self.init([:])
        var ranges: [(range: Range<Int>, name: String)] = []
        for (name, entry) in header {
            if name == "__metadata__" {
                guard let members = entry.object, members.values.allSatisfy({ $0.string != nil }) else {
                    throw refuse("the metadata is not an object of texts")
                }
                metadata = members.compactMapValues(\.string)
                continue
            }
            let parsed = try TensorEntry(entry) { refuse($0, name) }
            guard parsed.range.upperBound <= elements.count else {
                throw refuse(
                    "the tensor's bytes \(parsed.range) lie beyond the \(elements.count) bytes of data: "
                        + "the file is cut off", name)
            }
            ranges.append((parsed.range, name))
            tensors[name] = parsed.tensor(elements)
        }
        var end = 0
        for (range, name) in ranges.sorted(by: {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }) {
            guard range.lowerBound == end else {
                throw refuse("the tensor's bytes begin at \(range.lowerBound), not at \(end) where the last ends", name)
            }
            end = range.upperBound
        }
        guard end == elements.count else {
            throw refuse("\(elements.count - end) bytes at the end belong to no tensor")
        }
    }
}

/// One tensor's entry in the header.
private struct TensorEntry {
    enum Element: String, CaseIterable {
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"
        var size: Int { self == .float32 ? 4 : 2 }
    }

    let element: Element
    let shape: [Int]
    let range: Range<Int>

    init(_ json: JSON, _ refuse: (String) -> Failure) throws {
        let type = json["dtype"]?.string ?? "none"
        guard let element = Element(rawValue: type) else {
            throw refuse("the element type is '\(type)'; F32, F16 and BF16 can be read")
        }
        let sides = json["shape"]?.array ?? [.null]
        let shape = sides.compactMap(\.integer)
        guard shape.count == sides.count, shape.count <= 8, shape.allSatisfy({ $0 >= 0 }) else {
            throw refuse("the shape is not a list of sizes")
        }
        let offsets = json["data_offsets"]?.array ?? []
        guard offsets.count == 2, let begin = offsets[0].integer, let end = offsets[1].integer, 0 <= begin, begin <= end
        else { throw refuse("'data_offsets' are not a begin and an end") }
        var bytes = element.size
        for side in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: side)
            guard !overflow else { throw refuse("the shape \(shape) is too large") }
            bytes = product
        }
        guard bytes == end - begin else {
            throw refuse("\(end - begin) bytes do not hold \(type) elements of shape \(shape), \(bytes) would")
        }
        self.element = element
        self.shape = shape
        range = begin..<end
    }

    func tensor(_ data: Data) -> Tensor {
        Tensor(shape) { floats in
            data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
                let start = range.lowerBound
                for index in floats.indices {
                    floats[index] =
                        switch element {
                        case .float32:
                            Float(
                                bitPattern: UInt32(
                                    littleEndian: bytes.loadUnaligned(
                                        fromByteOffset: start + 4 * index, as: UInt32.self)))
                        case .float16:
                            Float(
                                Float16(
                                    bitPattern: UInt16(
                                        littleEndian: bytes.loadUnaligned(
                                            fromByteOffset: start + 2 * index, as: UInt16.self))))
                        case .bfloat16:
                            Float(
                                bitPattern: UInt32(
                                    UInt16(
                                        littleEndian: bytes.loadUnaligned(
                                            fromByteOffset: start + 2 * index, as: UInt16.self))) << 16)
                        }
                }
            }
        }
    }
}
