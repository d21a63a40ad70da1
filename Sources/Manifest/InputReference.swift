import Basics

/// What a stage reads, wherever it comes from.
///
/// | in `needs` | means |
/// | --- | --- |
/// | `data` | the stage `data` of this job |
/// | `other-job/data` | the stage `data` of another job: its id, or its name for the latest of that name |
/// | `{file: PATH}` or `file:PATH` | an artifact on the disk: a published output folder, a detector folder |
public enum InputReference: Sendable, Hashable {
    case stage(String)
    case otherJob(String, stage: String)
    case file(String)

    /// The text form: `data`, `other-job/data`, `file:PATH`; nil if the text is none of these.
    public init?(_ text: String) {
        if text.hasPrefix("file:") {
            let path = text.dropFirst(5).drop { $0 == " " }
            if path.isEmpty { return nil }
            self = .file(String(path))
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(isLegalName) else { return nil }
        switch parts.count {
        case 1: self = .stage(parts[0])
        case 2: self = .otherJob(parts[0], stage: parts[1])
        default: return nil
        }
    }
}

extension InputReference: CustomStringConvertible {
    public var description: String {
        switch self {
        case .stage(let name): name
        case .otherJob(let job, let stage): "\(job)/\(stage)"
        case .file(let path): "file:\(path)"
        }
    }
}

extension InputReference: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let reference = InputReference(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' names no input")
        }
        self = reference
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
