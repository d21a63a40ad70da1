import Basics
import CYAML

/// Builds the tree from libyaml's events. The parser lives on the heap, as libyaml keeps pointers into itself.
struct YAMLParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeRawBufferPointer
    private let source: SourceText
    private var anchors: [String: (node: YAMLNode, size: Int)] = [:]
    private var open: Set<String> = []
    private var nodes = 0

    private var file: String { source.name }

    init(_ bytes: UnsafeRawBufferPointer, source: SourceText) throws {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw Failure("libyaml is out of memory", at: source.name, cause: .system)
        }
        self.parser = parser
        self.bytes = bytes
        self.source = source
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    mutating func document() throws -> YAMLNode {
        _ = try next()  // the stream's start
        let start = try next()
        guard start.type == YAML_DOCUMENT_START_EVENT else {
            throw failed(start.mark, "the file is empty", remedy: "write a YAML document")
        }
        let root = try node(at: try next(), depth: 1).node
        _ = try next()  // the document's end
        let end = try next()
        if end.type != YAML_STREAM_END_EVENT {
            throw failed(
                end.mark, "a second document starts here", remedy: "put each document into a file of its own")
        }
        return root
    }

    /// The node that starts with this event, and how many nodes it has with its aliases replaced.
    private mutating func node(at event: Event, depth: Int) throws -> (node: YAMLNode, size: Int) {
        if depth > YAMLNode.Limit.depth {
            throw failed(
                event.mark, "nested more than \(YAMLNode.Limit.depth) deep", remedy: "write it with less nesting")
        }
        if let tag = event.tag, tag != "tag:yaml.org,2002:str", tag != "!" {
            throw failed(event.mark, "the tag '\(tag)' is not understood", remedy: "remove the tag")
        }
        if event.type != YAML_ALIAS_EVENT { try count(1, at: event.mark) }
        if let anchor = event.anchor, event.type != YAML_ALIAS_EVENT { open.insert(anchor) }
        let before = nodes
        let value: YAMLNode.Value
        switch event.type {
        case YAML_ALIAS_EVENT: return try alias(event)
        case YAML_SCALAR_EVENT: value = .scalar(event.text, event.plain ? .plain : .quoted)
        case YAML_SEQUENCE_START_EVENT: value = .sequence(try sequence(depth: depth))
        case YAML_MAPPING_START_EVENT: value = .mapping(try mapping(depth: depth))
        default: throw failed(event.mark, "not understood as YAML", remedy: "write it in another way")
        }
        let result = (node: YAMLNode(mark: event.mark, value: value), size: nodes - before + 1)
        if let anchor = event.anchor {
            open.remove(anchor)
            anchors[anchor] = result
        }
        return result
    }

    private mutating func sequence(depth: Int) throws -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let event = try next()
            if event.type == YAML_SEQUENCE_END_EVENT { return elements }
            elements.append(try node(at: event, depth: depth + 1).node)
        }
    }

    private mutating func mapping(depth: Int) throws -> [(key: YAMLNode, value: YAMLNode)] {
        var pairs: [(key: YAMLNode, value: YAMLNode)] = []
        var seen: [String: Mark] = [:]
        while true {
            let event = try next()
            if event.type == YAML_MAPPING_END_EVENT { return pairs }
            let key = try node(at: event, depth: depth + 1).node
            guard let name = key.text else {
                throw failed(event.mark, "a key must be a word, not \(key.kindText)", remedy: "write 'key: value'")
            }
            if name == "<<" {
                throw failed(event.mark, "merge keys (<<) are not understood", remedy: "write the keys out")
            }
            if let first = seen[name] {
                throw failed(
                    event.mark, "the key '\(shown(name))' is here twice; the first is in line \(first.line)",
                    remedy: "remove one of them")
            }
            seen[name] = event.mark
            pairs.append((key, try node(at: try next(), depth: depth + 1).node))
        }
    }

    private mutating func alias(_ event: Event) throws -> (node: YAMLNode, size: Int) {
        let name = event.anchor ?? ""
        if open.contains(name) {
            throw failed(event.mark, "the alias '*\(name)' stands inside what it names", remedy: "write it out")
        }
        guard var target = anchors[name] else {
            throw failed(
                event.mark, "the alias '*\(name)' names nothing",
                remedy: nearestName(name, among: Array(anchors.keys)).map { "did you mean '*\($0)'?" }
                    ?? "set the anchor '&\(name)' before it")
        }
        try count(target.size, at: event.mark)
        target.node.mark = event.mark
        return target
    }

    private mutating func count(_ more: Int, at mark: Mark) throws {
        nodes += more
        if nodes > YAMLNode.Limit.nodes {
            throw failed(
                mark, "more than \(YAMLNode.Limit.nodes) values, with aliases written out",
                remedy: "use fewer aliases of aliases")
        }
    }

    // MARK: Events

    private struct Event {
        var type: yaml_event_type_t
        var mark: Mark
        var text = ""
        var plain = true
        var anchor: String?
        var tag: String?
    }

    private func next() throws -> Event {
        var raw = yaml_event_t()
        guard yaml_parser_parse(parser, &raw) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&raw) }
        func string(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? { pointer.map { String(cString: $0) } }
        var event = Event(type: raw.type, mark: mark(raw.start_mark))
        switch raw.type {
        case YAML_ALIAS_EVENT: event.anchor = string(raw.data.alias.anchor)
        case YAML_SCALAR_EVENT:
            let scalar = raw.data.scalar
            event.text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            event.anchor = string(scalar.anchor)
            event.tag = string(scalar.tag)
            event.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && event.tag == nil
        case YAML_SEQUENCE_START_EVENT:
            event.anchor = string(raw.data.sequence_start.anchor)
            event.tag = string(raw.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            event.anchor = string(raw.data.mapping_start.anchor)
            event.tag = string(raw.data.mapping_start.tag)
        default: break
        }
        return event
    }

    private func failed(_ mark: Mark, _ message: String, remedy: String?) -> Diagnostics {
        Diagnostics([Diagnostic(file: file, mark: mark, message: message, remedy: remedy)])
    }

    /// libyaml's complaint, with the causes that people meet most told in their words.
    private func syntaxError() -> any Error {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "not understood"
        switch parser.pointee.error {
        case YAML_MEMORY_ERROR: return Failure("libyaml is out of memory", at: file, cause: .system)
        case YAML_READER_ERROR:
            return failed(
                source.mark(ofByte: parser.pointee.problem_offset), problem, remedy: "save the file as plain UTF-8 text"
            )
        default: break
        }
        let mark = mark(parser.pointee.problem_mark)
        let offset = parser.pointee.problem_mark.index
        if hasTab(near: mark) {
            return failed(mark, "a tab cannot indent YAML", remedy: "indent with spaces")
        }
        if let line = source.line(mark.line) {
            let here = String(decoding: line, as: UTF8.self).unicodeScalars.dropFirst(max(0, mark.column - 2))
            if mark.column > 1, here.starts(with: "${".unicodeScalars) {
                return failed(
                    mark, "inside brackets a variable has to stand in quotes", remedy: "write \"${NAME}\"")
            }
        }
        var message = problem
        if let context = parser.pointee.context.map({ String(cString: $0) }) {
            let start = self.mark(parser.pointee.context_mark)
            message =
                "\(problem) (\(context)\(start < mark && start.line < mark.line ? " from line \(start.line)" : ""))"
        }
        return failed(
            mark, message,
            remedy: offset >= bytes.count
                ? "the file ends too early: close what is open (a quote, a bracket)" : YAMLParser.remedy(for: problem))
    }

    /// What mends the commoner complaints of libyaml's.
    private static func remedy(for problem: String) -> String {
        let remedies = [
            ("cannot start any token", "put the text in quotes"),
            (
                "mapping values are not allowed",
                "check the indentation, and the line above for its ':'; a text with ': ' in it stands in quotes"
            ),
            ("escape", "write '\\\\' for a backslash, or put the text in single quotes"),
            ("directive", "remove the lines that begin with '%'"),
            ("incompatible YAML document", "remove the lines that begin with '%'"),
        ]
        return remedies.first { problem.contains($0.0) }?.1
            ?? "check indentation, colons, quotes and brackets here and in the line above"
    }

    /// Whether a tab stands in the white space that begins the line, or just where the problem is.
    private func hasTab(near mark: Mark) -> Bool {
        guard let line = source.line(mark.line) else { return false }
        if line.prefix(while: { $0 == 0x20 || $0 == 0x09 }).contains(0x09) { return true }
        return line.dropFirst(mark.column - 1).first == 0x09
    }

    private func mark(_ mark: yaml_mark_t) -> Mark {
        Mark(line: mark.line + 1, column: mark.column + 1, source: source)
    }
}
