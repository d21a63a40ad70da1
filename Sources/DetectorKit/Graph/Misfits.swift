public import Basics

/// Where named tensors do not fit the parameters that they are for.
public struct Misfits: Sendable, Hashable {
    /// One line each: `missing NAME [shape]`, `NAME is [shape], not [shape]`, then `unexpected NAME [shape]`.
    public let lines: [String]
    /// Parameters that have their tensor.
    public let matches: Int

    /// Compares the shapes of tensors, by name, with those that are needed.
    public init(of shapes: [String: [Int]], with specs: [ParameterSpec]) {
        self.init(of: shapes, with: specs.map { ($0.name, $0.shape) })
    }

    /// The same with needed names and shapes in their order.
    public init(of shapes: [String: [Int]], with needed: [(name: String, shape: [Int])]) {
        var lines: [String] = []
        var matches = 0
        for (name, wanted) in needed {
            guard let shape = shapes[name] else {
                lines.append("missing \(name) \(wanted)")
                continue
            }
            if shape == wanted {
                matches += 1
            } else {
                lines.append("\(name) is \(shape), not \(wanted)")
            }
        }
        let known = Set(needed.map(\.name))
        lines += shapes.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }.map {
            "unexpected \($0.key) \($0.value)"
        }
        self.lines = lines
        self.matches = matches
    }

    /// A failure that lists them, at most `limit`; nil where everything fits.
    public func failure(_ what: String, at place: String, remedy: String, limit: Int = 20) -> Failure? {
        guard !lines.isEmpty else { return nil }
        let rest = lines.count > limit ? "; and \(lines.count - limit) more" : ""
        return Failure(
            "\(what): \(lines.prefix(limit).joined(separator: "; "))\(rest)", at: place, remedy: remedy)
    }
}
