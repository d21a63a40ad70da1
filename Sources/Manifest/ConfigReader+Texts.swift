public import Basics

extension ConfigReader {
    /// A text, or the default.
    public func string(_ name: String, default value: String, help: String = "") -> String {
        text(Key(name: name, shape: .text, default: value, required: false, help: help)) ?? value
    }

    /// A required text.
    public func string(_ name: String, help: String = "") -> String? {
        text(Key(name: name, shape: .text, required: true, help: help))
    }

    /// A text that may be left out.
    public func optionalString(_ name: String, help: String = "") -> String? {
        text(Key(name: name, shape: .text, required: false, help: help))
    }

    /// One of an enumeration's raw values, or the default.
    public func choice<Choice: CaseIterable & RawRepresentable>(
        _ name: String, default value: Choice, help: String = ""
    ) -> Choice where Choice.RawValue == String {
        Choice(rawValue: choice(name, default: value.rawValue, among: Choice.allCases.map(\.rawValue), help: help))
            ?? value
    }

    /// One of these words, or the default.
    public func choice(_ name: String, default value: String, among words: [String], help: String = "") -> String {
        oneOf(name, words, default: value, required: false, help) ?? value
    }

    /// One of these words, required.
    public func choice(_ name: String, among words: [String], help: String = "") -> String? {
        oneOf(name, words, default: nil, required: true, help)
    }

    /// One of these words, or left out.
    public func optionalChoice(_ name: String, among words: [String], help: String = "") -> String? {
        oneOf(name, words, default: nil, required: false, help)
    }

    /// A list of texts, or the default.
    public func strings(
        _ name: String, default value: [String], count: ClosedRange<Int>? = nil, help: String = ""
    ) -> [String] {
        let key = Key(
            name: name, shape: .list(.text, count: count), default: "[\(value.joined(separator: ", "))]",
            required: false,
            help: help)
        return list(key, count) { element, node in scalarText(element, node) } ?? value
    }

    /// A list of texts that may be left out.
    public func optionalStrings(_ name: String, count: ClosedRange<Int>? = nil, help: String = "") -> [String]? {
        let key = Key(name: name, shape: .list(.text, count: count), required: false, help: help)
        return list(key, count) { element, node in scalarText(element, node) }
    }

    // MARK: Nested

    /// The reader of a nested mapping; of an empty one when it is left out.
    public func reader(_ name: String, help: String = "") -> ConfigReader {
        let node = mapping(name, help: help)
        return child(node, mark: node?.mark ?? mark, name)
    }

    /// The reader of a nested mapping that may be left out.
    public func optionalReader(_ name: String, help: String = "") -> ConfigReader? {
        let node = mapping(name, help: help)
        return node == nil && !isDescribing ? nil : child(node, mark: node?.mark ?? mark, name)
    }

    /// The readers of a list of mappings; none when it is left out.
    public func readers(_ name: String, help: String = "") -> [ConfigReader] {
        let key = Key(name: name, shape: .mappings, required: false, help: help)
        if isDescribing {
            _ = lookup(key)
            return [child(nil, mark: mark, "\(name)[]")]
        }
        return list(key, nil) { element, node in
            if node.mapping == nil { wrongType(element, node) }
            return node.mapping == nil ? nil : child(node, mark: node.mark, element.name)
        } ?? []
    }

    /// The whole mapping as JSON. All its keys count as read: what reads the JSON checks them.
    public func json() -> JSON {
        state.takesAll = true
        return state.node?.json ?? .object([:])
    }

    /// A key's value as JSON, nil when it is left out.
    public func json(_ name: String, help: String = "") -> JSON? {
        lookup(Key(name: name, shape: .anything, required: false, help: help))?.json
    }

    /// A nested mapping as it stands, for a later reader; nil when it is left out or something else.
    func mapping(_ name: String, shape: OptionShape = .mapping, help: String = "") -> YAMLNode? {
        let key = Key(name: name, shape: shape, required: false, help: help)
        guard let node = lookup(key) else { return nil }
        if node.mapping == nil { wrongType(key, node) }
        return node.mapping == nil ? nil : node
    }

    // MARK: One value

    func text(_ key: Key) -> String? {
        guard let node = lookup(key) else { return isDescribing && key.required ? "…" : nil }
        return scalarText(key, node)
    }

    private func scalarText(_ key: Key, _ node: YAMLNode) -> String? {
        if let text = node.text { return text }
        wrongType(key, node)
        return nil
    }

    private func oneOf(
        _ name: String, _ words: [String], default value: String?, required: Bool, _ help: String
    ) -> String? {
        let key = Key(
            name: name, shape: .choice(words), default: value, required: required, help: help)
        guard let node = lookup(key) else {
            guard let recorder = state.recorder else { return nil }
            let path = (state.path + [name]).joined(separator: ".")
            recorder.record(choice: path, words)
            return recorder.forced[path] ?? value ?? (required ? words.first : nil)
        }
        guard let text = node.text, words.contains(text) else {
            let near = node.text.flatMap { nearestName($0, among: words) }
            wrongType(key, node, remedy: near.map { "did you mean '\($0)'?" } ?? "write one of them")
            return nil
        }
        return text
    }

    /// The elements of a list, or nil when it is left out or anything in it is wrong.
    func list<Element>(
        _ key: Key, _ count: ClosedRange<Int>?, _ element: (Key, YAMLNode) -> Element?
    ) -> [Element]? {
        guard let node = lookup(key) else { return nil }
        guard let nodes = node.sequence else {
            // One value in place of a list of one.
            let isText = node.text != nil && key.shape != .mappings
            wrongType(key, node, remedy: isText ? "write '\(key.name): [\(shown(node.text ?? ""))]'" : nil)
            return nil
        }
        if let count, !count.contains(nodes.count) {
            let words =
                count.lowerBound == count.upperBound
                ? "\(count.lowerBound)" : boundsText(count, unbounded: 0...Int.max).words
            diagnosis.report(
                file: file, mark: node.mark, "'\(key.name)' must have \(words) elements, not \(nodes.count)",
                remedy: "write '\(key.name): […]' with \(words) elements")
            return nil
        }
        var inner = key
        switch key.shape {
        case .list(let element, _): inner.shape = element
        case .mappings: inner.shape = .mapping
        default: break
        }
        var elements: [Element] = []
        for (index, node) in nodes.enumerated() {
            inner.name = "\(key.name)[\(index)]"
            if let value = element(inner, node) { elements.append(value) }
        }
        return elements.count == nodes.count ? elements : nil
    }
}
