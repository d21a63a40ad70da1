import Basics

/// Something wrong in an annotation file.
public struct AnnotationProblem: Sendable, Hashable, CustomStringConvertible {
    /// `file:line:column`, or the picture's path.
    public var place: String
    /// `annotations[17]: the box has no area …`.
    public var what: String

    public var description: String { "\(place): \(what)" }

    /// All problems as one failure: a single one at its place, more as a list of the first 20.
    static func failure(_ problems: [AnnotationProblem], file: String) -> Failure {
        let remedy = "mend the annotations, or leave such entries out with 'on_bad_annotation: skip'"
        if problems.count == 1 { return Failure(problems[0].what, at: problems[0].place, remedy: remedy) }
        var lines = problems.prefix(20).map { "\n  \($0)" }.joined()
        if problems.count > 20 { lines += "\n  … and \(problems.count - 20) more" }
        return Failure("\(problems.count) entries are bad:\(lines)", at: file, remedy: remedy)
    }
}

/// What to do with an entry that is wrong.
public enum BadAnnotationPolicy: String, Sendable, CaseIterable, Codable {
    /// Report all of them, and stop.
    case refuse
    /// Leave them out, and count them.
    case skip
}
