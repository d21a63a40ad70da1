import Basics
import Foundation

/// What a safetensors file says of its tensors before their elements.
struct SafeTensorsHeader: Sendable {
    /// A header above this is refused, as the reference implementation does.
    static let longest = 100_000_000

    var entries: [String: SafeTensorsEntry] = [:]
    var metadata: [String: String] = [:]
    /// Where the elements begin in the file.
    var start = 0

    /// The length of the header, from the file's first 8 bytes.
    static func length(_ prefix: Data, fileSize: Int, at place: String) throws -> Int {
        guard prefix.count >= 8 else {
            throw refusal("a safetensors file has at least 8 bytes, this one \(prefix.count)", at: place)
        }
        let length = prefix.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(longest) else {
            throw refusal("the header's length, \(length), is too large: no safetensors file", at: place)
        }
        guard 8 + Int(length) <= fileSize else {
            throw refusal("the header has \(length) bytes, the file only \(fileSize): it is cut off", at: place)
        }
        return Int(length)
    }

    /// Reads the header's text. Every range lies inside the file, fits its shape, and together they cover the data
    /// without gap or overlap, as the format demands.
    init(_ text: Data, fileSize: Int, at place: String) throws {
        func refuse(_ what: String, _ tensor: String? = nil) -> Failure { Self.refusal(what, tensor, at: place) }
        guard text.first == UInt8(ascii: "{"), let header = try? JSON(parsing: text, at: place).object else {
            throw refuse("the header is no JSON object: no safetensors file")
        }
        start = 8 + text.count
        let size = fileSize - start
        for (name, entry) in header {
            if name == "__metadata__" {
                guard let members = entry.object, members.values.allSatisfy({ $0.string != nil }) else {
                    throw refuse("the metadata is not an object of texts")
                }
                metadata = members.compactMapValues(\.string)
                continue
            }
            let parsed = try SafeTensorsEntry(entry) { refuse($0, name) }
            guard parsed.range.upperBound <= size else {
                throw refuse(
                    "the tensor's bytes \(parsed.range) lie beyond the \(size) bytes of data: the file is cut off", name
                )
            }
            entries[name] = parsed
        }
        var end = 0
        for (name, entry) in entries.sorted(by: {
            ($0.value.range.lowerBound, $0.value.range.upperBound)
                < ($1.value.range.lowerBound, $1.value.range.upperBound)
        }) {
            guard entry.range.lowerBound == end else {
                throw refuse(
                    "the tensor's bytes begin at \(entry.range.lowerBound), not at \(end) where the last ends", name)
            }
            end = entry.range.upperBound
        }
        guard end == size else { throw refuse("\(size - end) bytes at the end belong to no tensor") }
    }

    static func refusal(_ what: String, _ tensor: String? = nil, at place: String) -> Failure {
        Failure(
            what, at: tensor.map { "\(place): '\($0)'" } ?? place,
            remedy: "give an undamaged safetensors file; copy or export it anew")
    }
}

/// One tensor's entry in the header.
struct SafeTensorsEntry: Sendable {
    let element: ElementType
    let shape: [Int]
    /// The bytes of its elements, counted from where all elements begin.
    let range: Range<Int>

    init(_ json: JSON, _ refuse: (String) -> Failure) throws {
        let type = json["dtype"]?.string ?? "none"
        guard let element = ElementType(rawValue: type) else { throw refuse(Self.unreadable(type)) }
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

    static func unreadable(_ type: String) -> String {
        let readable = ElementType.allCases.filter(\.isFloating).map(\.rawValue)
        return "the element type is '\(type)'; \(readable.dropLast().joined(separator: ", ")) and "
            + "\(readable.last ?? "") can be read"
    }
}
