/// Collects descriptions. Readers below one recorder share it.
final class OptionRecorder {
    private(set) var options: [OptionDescription] = []
    /// The choices met: key and values.
    private(set) var choices: [(key: String, values: [String])] = []
    /// What choices answer instead of their default.
    let forced: [String: String]

    init(forced: [String: String] = [:]) { self.forced = forced }

    func record(_ option: OptionDescription) {
        if !options.contains(where: { $0.key == option.key }) { options.append(option) }
    }

    func record(choice key: String, _ values: [String]) {
        if !choices.contains(where: { $0.key == key }) { choices.append((key, values)) }
    }
}

extension ConfigReader {
    /// Every key that `read` reads, found by running it on readers that answer with defaults, and once more for each value
    /// of each choice: keys that are read under one value only are marked with it.
    public static func describe(_ read: (inout ConfigReader) -> Void) -> [OptionDescription] {
        func run(_ forced: [String: String]) -> OptionRecorder {
            let recorder = OptionRecorder(forced: forced)
            var reader = ConfigReader(describing: recorder)
            read(&reader)
            return recorder
        }
        let plain = run([:])
        var options = plain.options
        var conditions: [String: [OptionDescription.Condition]] = [:]
        for choice in plain.choices {
            var found: [(value: String, options: [OptionDescription])] = []
            for value in choice.values { found.append((value, run([choice.key: value]).options)) }
            for (value, list) in found {
                for option in list {
                    let under = found.filter { $0.options.contains { $0.key == option.key } }.map(\.value)
                    let index = options.firstIndex { $0.key == option.key }
                    if let index { options[index].merge(option) }
                    guard under.count < choice.values.count else { continue }
                    let condition = OptionDescription.Condition(key: choice.key, values: under)
                    if conditions[option.key]?.contains(condition) != true {
                        conditions[option.key, default: []].append(condition)
                    }
                    let when = "\(choice.key): \(under.joined(separator: " or "))"
                    if let index {
                        options[index].when = when
                    } else {
                        var option = option
                        option.when = when
                        let before = options.lastIndex { $0.when == "\(choice.key): \(value)" }
                        options.insert(option, at: before.map { $0 + 1 } ?? options.count)
                    }
                }
            }
        }
        for index in options.indices {
            if let only = conditions[options[index].key], only.count == 1 { options[index].condition = only[0] }
            if (conditions[options[index].key]?.count ?? 0) > 1 { options[index].isAlwaysRequired = false }
        }
        return options
    }
}

extension OptionDescription {
    /// Takes in how the same key is read elsewhere.
    fileprivate mutating func merge(_ other: OptionDescription) {
        for shape in other.shapes where !shapes.contains(shape) { shapes.append(shape) }
        if !other.required { isAlwaysRequired = false }
    }
}
