/// What one key of a configuration means: recorded while a reader describes itself, for the reference and `jdnas plugins`.
public struct OptionDescription: Sendable, Hashable, Codable {
    /// With the keys around it: `schedule.warmup`.
    public var key: String
    /// `whole number 1…1000`, `one of cosine, step`, `folder`.
    public var type: String
    /// Nil for a required key, and for one that may be left out without a default.
    public var `default`: String?
    public var required: Bool
    public var help: String
    /// The value of another key under which this one is read: `format: coco`. Nil: always.
    public var when: String?

    public init(
        key: String, type: String, default: String? = nil, required: Bool, help: String, when: String? = nil
    ) {
        self.key = key
        self.type = type
        self.default = `default`
        self.required = required
        self.help = help
        self.when = when
    }
}

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
        for choice in plain.choices {
            var found: [(value: String, options: [OptionDescription])] = []
            for value in choice.values { found.append((value, run([choice.key: value]).options)) }
            for (value, list) in found {
                for option in list {
                    let under = found.filter { $0.options.contains { $0.key == option.key } }.map(\.value)
                    guard under.count < choice.values.count else { continue }
                    var option = option
                    option.when = "\(choice.key): \(under.joined(separator: " or "))"
                    if let index = options.firstIndex(where: { $0.key == option.key }) {
                        options[index].when = option.when
                    } else {
                        let before = options.lastIndex { $0.when == "\(choice.key): \(value)" }
                        options.insert(option, at: before.map { $0 + 1 } ?? options.count)
                    }
                }
            }
        }
        return options
    }
}
