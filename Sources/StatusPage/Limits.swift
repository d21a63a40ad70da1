/// How much of everything is shown: a page that is loaded every few seconds, on a phone too, has to stay small, whatever is in
/// the spool.
enum Limits {
    static let inbox = 10
    static let live = 12
    static let stages = 100
    static let queue = 50
    static let ended = 100
    /// Failures that are shown with their last lines.
    static let failures = 10
    static let rejected = 10
    static let notes = 20
    static let headline = 8
    static let pages = 4
    static let logLines = 12
    static let tableRows = 30
    static let tableColumns = 12
    static let metrics = 8
    /// Characters.
    static let message = 300
    static let reason = 600
    static let line = 240
    static let cell = 60
    static let diagnostics = 3000
}

/// One line of a text, no longer than that.
func brief(_ text: String, _ limit: Int = Limits.message) -> String {
    cut(text.split(whereSeparator: \.isNewline).joined(separator: " "), limit)
}

/// A text, no longer than that, without what would turn the direction of the text around it (Unicode Standard Annex 9).
func cut(_ text: String, _ limit: Int) -> String {
    // Scalars, not characters: a single character can be as long as it likes.
    var kept = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
        if scalar.properties.isBidiControl { continue }
        if count == limit {
            kept.append("…")
            break
        }
        kept.append(scalar)
        count += 1
    }
    return String(kept)
}
