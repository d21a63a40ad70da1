import Basics

/// The nearest candidate; none for words too long to be anyone's slip. Of thousands of long candidates only the first are
/// looked at, so that a file full of mistakes takes no seconds.
public func nearestName(_ word: String, among candidates: [String]) -> String? {
    guard word.utf8.count <= 80 else { return nil }
    var work = 2_000_000
    let looked = candidates.prefix { candidate in
        work -= word.utf8.count * min(80, candidate.utf8.count)
        return work > 0
    }
    return suggestion(for: word, among: looked.filter { $0.utf8.count <= 80 })
}

/// A user's text as messages show it.
public func shown(_ text: String) -> String {
    text.unicodeScalars.prefix(61).count > 60 ? String(text.unicodeScalars.prefix(57)) + "…" : text
}

/// What is known of a key before its value is looked at.
struct Key {
    var name: String
    var shape: OptionShape
    var `default`: String?
    var required: Bool
    var help: String

    /// For messages: `a whole number`.
    var type: String { shape.text }
}

extension ConfigReader {
    var isDescribing: Bool { state.recorder != nil }

    /// Notes that a key is read, and gives its value unless it is missing or null.
    func lookup(_ key: Key) -> YAMLNode? {
        if !state.read.contains(key.name) { state.read.append(key.name) }
        if let recorder = state.recorder {
            recorder.record(
                OptionDescription(
                    key: (state.path + [key.name]).joined(separator: "."), shape: key.shape, default: key.default,
                    required: key.required, help: key.help))
            return nil
        }
        // What could not be replaced has been told, and is nobody's value.
        if let node = state.node?[key.name], !node.isNull { return node.isUnresolved ? nil : node }
        if key.required, state.missing[key.name] == nil {
            let empty = has(key.name)
            state.missing[key.name] = report(
                key.name, empty ? "'\(key.name)' is empty" : "'\(key.name)' is missing",
                remedy: "give \(key.type): '\(key.name): …'")
        }
        return nil
    }

    func wrongType(_ key: Key, _ node: YAMLNode, remedy: String? = nil) {
        if node.isUnresolved { return }
        var remedy = remedy
        if remedy == nil, case .scalar(_, .composed) = node.value {
            remedy = "let one variable stand alone for it: '\(key.name): ${NAME}'"
        }
        if remedy == nil, case .scalar(let text, .quoted) = node.value {
            let bare = YAMLNode(mark: node.mark, value: .scalar(text, .plain))
            if bare.plainDouble != nil || bare.plainBool != nil { remedy = "remove the quotes" }
        }
        if remedy == nil, key.shape == .mappings {
            remedy = "write each as an item that starts with '- ', below '\(key.name):'"
        }
        if remedy == nil, key.shape == .mapping || key.shape == .scalars {
            remedy = "write 'key: value' pairs under '\(key.name):'"
        }
        diagnosis.report(
            file: file, mark: node.mark, "'\(key.name)' must be \(key.type), not \(node.kindText)",
            remedy: remedy ?? "write '\(key.name): …' with \(key.type)")
    }

    func outOfRange(_ key: Key, _ node: YAMLNode, _ bounds: String, remedy: String? = nil) {
        diagnosis.report(
            file: file, mark: node.mark, "'\(key.name)' must be \(bounds), not \(shown(node.text ?? ""))",
            remedy: remedy ?? "give \(key.type) \(bounds)")
    }

    /// A reader of a nested mapping, which finishes with this one.
    func child(_ node: YAMLNode?, mark: Mark, _ name: String) -> ConfigReader {
        let reader = ConfigReader(
            node, mark: mark, file: file, baseDirectory: baseDirectory, diagnosis: diagnosis, path: state.path + [name],
            recorder: state.recorder)
        state.children.append(reader)
        return reader
    }
}

/// A range in words and in the reference's short form: `from 1 to 9` and `1…9`, `at least 1` and `≥ 1`.
func boundsText<Number: Comparable>(_ range: ClosedRange<Number>, unbounded: ClosedRange<Number>)
    -> (words: String, short: String)
{
    switch (range.lowerBound == unbounded.lowerBound, range.upperBound == unbounded.upperBound) {
    case (true, true): ("any number", "")
    case (false, true): ("at least \(range.lowerBound)", "≥ \(range.lowerBound)")
    case (true, false): ("at most \(range.upperBound)", "≤ \(range.upperBound)")
    case (false, false):
        ("from \(range.lowerBound) to \(range.upperBound)", "\(range.lowerBound)…\(range.upperBound)")
    }
}
