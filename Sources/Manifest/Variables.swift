import Basics

/// The variables of a manifest, and the texts that they are used in.
///
/// Each is written out once, from earlier ones: no value is looked through again, so what a value holds is never taken for
/// a variable. A definition in one file may use those of others. Everything is bounded in size.
final class Variables {
    enum Limit {
        /// Bytes of all texts in which variables were replaced.
        static let bytes = 1 << 20
        /// Variables that refer to each other through several files.
        static let depth = 32
    }

    static let builtIn = ["job", "seed"]

    struct Definition {
        var node: YAMLNode
        var part: Int
        var position: Int
    }

    enum Value {
        case known(String, YAMLNode.Style)
        /// What is wrong with it has been told.
        case broken
    }

    let file: String
    let diagnosis: Diagnosis
    let available: [String: String]
    var definitions: [String: Definition] = [:]
    var order: [String] = []
    var values: [String: Value] = [:]
    var path: [String] = []
    var bytes = 0
    var isTooLarge = false
    /// The environment's variables that were taken, with their values.
    var environment: [String: String] = [:]

    /// - Parameter parts: the included files' mappings and the manifest's, whose definitions win over those before.
    init(parts: [YAMLNode], file: String, environment: [String: String], diagnosis: Diagnosis) {
        self.file = file
        self.diagnosis = diagnosis
        available = environment
        for (number, part) in parts.enumerated() {
            for (position, pair) in (part["variables"]?.mapping ?? []).enumerated() {
                define(pair.key, pair.value, part: number, position: position)
            }
        }
        let root = parts.last
        values["job"] = root?["job"] == nil ? .broken : nil
        if let seed = root?["seed"], !seed.isNull {
            definitions["seed"] = Definition(node: seed, part: parts.count + 1, position: 0)
        } else {
            values["seed"] = .known("0", .plain)
        }
        if let job = root?["job"] { definitions["job"] = Definition(node: job, part: parts.count, position: 0) }
        for name in order { _ = value(of: name) }
    }

    /// What each variable stands for.
    var json: [String: JSON] {
        var json: [String: JSON] = [:]
        for name in order {
            guard case .known(let text, let style)? = values[name] else { continue }
            json[name] = YAMLNode(mark: Mark(line: 1, column: 1), value: .scalar(text, style)).json
        }
        return json
    }

    /// A node with its variables replaced. Keys stay as they are.
    func expanding(_ node: YAMLNode) -> YAMLNode {
        var node = node
        switch node.value {
        case .scalar(let text, let style):
            guard VariableText.mayHave(text) else { return node }
            switch expand(text, style, at: node.mark, within: nil) {
            case .known(let text, let style): node.value = .scalar(text, style)
            case .broken: node.value = .scalar(text, .unresolved)
            }
        case .sequence(let nodes): node.value = .sequence(nodes.map(expanding))
        case .mapping(let pairs): node.value = .mapping(pairs.map { ($0.key, expanding($0.value)) })
        }
        return node
    }

    /// `job` or `seed`, which is written out once.
    func expandingBuiltIn(_ name: String, _ node: YAMLNode) -> YAMLNode {
        guard let text = node.text, VariableText.mayHave(text) else { return node }
        var node = node
        switch value(of: name) {
        case .known(let text, let style): node.value = .scalar(text, style)
        case .broken: node.value = .scalar(text, .unresolved)
        }
        return node
    }

    // MARK: Definitions

    private func define(_ key: YAMLNode, _ node: YAMLNode, part: Int, position: Int) {
        let name = key.text ?? ""
        guard VariableText.isName(name) else {
            report(
                key.mark, "'\(shown(name))' cannot name a variable",
                "use letters, digits, '_' and '-', starting with a letter, at most 80 characters")
            return
        }
        if Variables.builtIn.contains(name) {
            report(key.mark, "the variable '\(name)' is built in", "choose another name")
            return
        }
        if definitions[name] == nil { order.append(name) }
        definitions[name] = Definition(node: node, part: part, position: position)
        guard node.text != nil, !node.isNull else {
            values[name] = .broken
            report(
                node.mark, "the variable '\(name)' must be a text, a number, true or false, not \(node.kindText)",
                "write '\(name): …' with one of them")
            return
        }
        values[name] = nil
    }

    func value(of name: String) -> Value {
        if let value = values[name] { return value }
        guard let definition = definitions[name], case .scalar(let text, let style) = definition.node.value else {
            return .broken
        }
        path.append(name)
        let value =
            VariableText.mayHave(text)
            ? expand(text, style, at: definition.node.mark, within: name) : .known(text, style)
        path.removeLast()
        values[name] = value
        return value
    }
}
