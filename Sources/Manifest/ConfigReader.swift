public import Basics
public import Foundation

/// Reads a mapping of a YAML file key by key, into typed values, and reports everything that is wrong with it.
///
/// ```swift
/// let epochs = reader.int("epochs", default: 12, in: 1...1000, help: "passes over the training split")
/// let root = reader.directory("root", help: "the data set")          // required: nil when missing, and reported
/// let weights = reader.optionalFile("weights")                       // nil when left out
/// guard let root else { return nil }                                 // after everything has been read
/// ```
/// A method with `default:` always answers; one without reports a missing key and answers nil; `optional…` answers nil
/// without a word. Wrong values are reported and answered as if they were missing. Keys that nobody read are reported by
/// `finish()`, so read all keys before giving up. Readers of nested mappings finish with the reader that gave them.
public struct ConfigReader {
    /// The file as the user named it.
    public let file: String
    /// What relative paths refer to: the folder of submission for a manifest, its own folder for a file it refers to.
    public let baseDirectory: URL
    public let diagnosis: Diagnosis
    /// Where the mapping stands, or the key that lacks one.
    public let mark: Mark
    let state: State

    /// What has been read so far, shared by copies of a reader.
    final class State {
        let node: YAMLNode?
        /// The keys around this mapping, for descriptions.
        let path: [String]
        let recorder: OptionRecorder?
        var read: [String] = []
        var missing: [String: Diagnosis.Ticket] = [:]
        var children: [ConfigReader] = []
        var takesAll = false
        var finished = false
        var strangersBelong: String?

        init(node: YAMLNode?, path: [String], recorder: OptionRecorder?) {
            self.node = node
            self.path = path
            self.recorder = recorder
        }
    }

    /// A reader of `node`, a mapping or nil for an empty one that `mark` stands for.
    public init(
        _ node: YAMLNode?, mark: Mark? = nil, file: String, baseDirectory: URL, diagnosis: Diagnosis = Diagnosis()
    ) {
        self.init(
            node, mark: mark ?? node?.mark ?? Mark(line: 1, column: 1), file: file, baseDirectory: baseDirectory,
            diagnosis: diagnosis, path: [], recorder: nil)
    }

    /// A reader that records what is read and answers with defaults.
    init(describing recorder: OptionRecorder, path: [String] = []) {
        self.init(
            nil, mark: Mark(line: 1, column: 1), file: "", baseDirectory: URL(filePath: "/"), diagnosis: Diagnosis(),
            path: path, recorder: recorder)
    }

    init(
        _ node: YAMLNode?, mark: Mark, file: String, baseDirectory: URL, diagnosis: Diagnosis, path: [String],
        recorder: OptionRecorder?
    ) {
        self.file = file
        self.baseDirectory = baseDirectory
        self.diagnosis = diagnosis
        self.mark = mark
        var mapping = node
        if let node, node.mapping == nil {
            if !node.isNull {
                diagnosis.report(
                    file: file, mark: node.mark, "here must be a mapping, not \(node.kindText)",
                    remedy: "write 'key: value' pairs")
            }
            mapping = nil
        }
        state = State(node: mapping, path: path, recorder: recorder)
    }

    /// The keys that are there, in the order of the file.
    public var keys: [String] { state.node?.mapping?.compactMap(\.key.text) ?? [] }

    /// Whether the key is there, without reading it.
    public func has(_ key: String) -> Bool { state.node?[key] != nil }

    /// The value of a key as it stands, without reading it.
    func node(_ key: String) -> YAMLNode? { state.node?[key] }

    /// Where unknown keys may belong, for the remedy.
    var strangersBelong: String? {
        get { state.strangersBelong }
        nonmutating set { state.strangersBelong = newValue }
    }

    /// Where the value of a key stands, through nested mappings and lists (by number); the mapping's own place if there is
    /// none.
    public func mark(of path: String...) -> Mark { mark(at: path) }

    public func mark(at path: [String]) -> Mark {
        var node = state.node
        var mark = self.mark
        for step in path {
            if let list = node?.sequence, let index = Int(step), list.indices.contains(index) {
                node = list[index]
            } else {
                node = node?[step]
            }
            guard let found = node else { break }
            mark = found.mark
        }
        return mark
    }

    /// Reports something wrong with the value of a key (or, without one, with the mapping as a whole).
    @discardableResult
    public func report(_ key: String? = nil, _ message: String, remedy: String? = nil) -> Diagnosis.Ticket {
        report(at: key.map { [$0] } ?? [], message, remedy: remedy)
    }

    @discardableResult
    public func report(at path: [String], _ message: String, remedy: String? = nil) -> Diagnosis.Ticket {
        diagnosis.report(file: file, mark: mark(at: path), message, remedy: remedy)
    }

    /// Reports a failure of whatever looked at the value of a key: its place gives way to the key's.
    @discardableResult
    public func report(_ key: String?, _ failure: Failure) -> Diagnosis.Ticket {
        report(key, failure.what, remedy: failure.remedy)
    }
}
