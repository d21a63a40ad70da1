/// A span of time for people: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`.
public func spanText(seconds: Double) -> String {
    guard seconds < 1e15, seconds >= 0 else { return "unknown" }
    if seconds < 9.95 {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
    let whole = Int(seconds.rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
    return "\(whole / 3600) h \(two(whole % 3600 / 60)) min"
}
