import Basics
public import Foundation

extension YAMLNode {
    /// What a document may hold. A manifest is a page or two; these bounds keep a hostile one from eating the machine.
    enum Limit {
        static let bytes = 4 << 20
        static let depth = 64
        /// Nodes after every alias has been replaced by what it stands for.
        static let nodes = 100_000

        static func failure(bytes count: Int, at place: String) -> Failure {
            Failure(
                "the file has \(count) bytes; a YAML file may have \(bytes)", at: place,
                remedy: "check that this is the file you meant")
        }
    }

    /// Parses one YAML document. `file` names it in diagnostics.
    ///
    /// Stricter than YAML: one document, UTF-8, no key twice, scalar keys, no tags but `!!str`, no merge keys; aliases,
    /// nesting and size are bounded. Throws `Diagnostics`.
    public init(parsing data: Data, file: String) throws {
        guard data.count <= Limit.bytes else {
            let failure = Limit.failure(bytes: data.count, at: file)
            throw Diagnostics([
                Diagnostic(
                    file: file, mark: Mark(line: 1, column: 1), message: failure.what, remedy: failure.remedy)
            ])
        }
        let source = SourceText(data, name: file)
        if let problem = YAMLNode.encodingProblem(source) { throw Diagnostics([problem]) }
        self = try source.bytes.withUnsafeBytes { bytes in
            var parser = try YAMLParser(bytes, source: source)
            return try parser.document()
        }
    }

    private static func encodingProblem(_ source: SourceText) -> Diagnostic? {
        let start = Mark(line: 1, column: 1)
        let bytes = source.bytes
        // The byte order marks of UTF-16; UTF-32's begin as they do.
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return Diagnostic(
                file: source.name, mark: start, message: "the file is in UTF-16 or UTF-32",
                remedy: "save the file as UTF-8")
        }
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        return Diagnostic(
            file: source.name, mark: source.mark(ofByte: firstInvalidUTF8(in: bytes)), message: "not valid UTF-8",
            remedy: "save the file as UTF-8")
    }

    private static func firstInvalidUTF8(in data: [UInt8]) -> Int {
        var decoder = UTF8()
        var bytes = data.makeIterator()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&bytes) { offset += UTF8.width(scalar) }
        return offset
    }
}
