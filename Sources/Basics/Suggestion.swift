/// The candidate that a misspelt word most likely meant, if one is near enough (edit distance at most a third of its length).
public func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let letters = Array(word.lowercased().unicodeScalars)
    var best: (distance: Int, name: String)?
    for name in candidates {
        let other = Array(name.lowercased().unicodeScalars)
        let limit = min(max(1, max(letters.count, other.count) / 3), best?.distance ?? .max)
        guard let distance = editDistance(letters, other, atMost: limit) else { continue }
        if best.map({ (distance, name) < ($0.distance, $0.name) }) ?? true { best = (distance, name) }
    }
    return best?.name
}

/// Edits (insert, delete, replace, swap of neighbours) between two words, the restricted Damerau–Levenshtein distance; nil if
/// there are more than `limit`. Only the diagonal band that a path of so many edits stays in is looked at (Ukkonen 1985).
func editDistance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar], atMost limit: Int) -> Int? {
    guard abs(first.count - second.count) <= limit else { return nil }
    // What both begin or end with costs nothing.
    var start = 0
    while start < first.count, start < second.count, first[start] == second[start] { start += 1 }
    var end = 0
    while first.count - end > start, second.count - end > start,
        first[first.count - 1 - end] == second[second.count - 1 - end]
    {
        end += 1
    }
    if start + end == first.count || start + end == second.count {
        return abs(first.count - second.count)
    }
    let a = Array(first[start..<(first.count - end)])
    let b = Array(second[start..<(second.count - end)])
    let far = limit + 1
    // Three rows in turn. What lies outside of the band is far.
    var beforeLast = Array(repeating: far, count: b.count + 1)
    var last = (0...b.count).map { min($0, far) }
    var row = beforeLast
    for i in 0..<a.count {
        let band = max(0, i - limit)..<max(0, i - limit, min(b.count, i + limit + 1))
        row[band.lowerBound] = band.lowerBound == 0 && i < limit ? i + 1 : far
        if band.upperBound < b.count { row[band.upperBound + 1] = far }
        var least = row[band.lowerBound]
        for j in band {
            let replace = last[j] + (a[i] == b[j] ? 0 : 1)
            var best = min(replace, last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
            row[j + 1] = min(best, far)
            least = min(least, best)
        }
        // A swap may go back two rows.
        if least > limit, i == 0 || last[max(0, i - 1 - limit)...min(b.count, i + limit)].min() ?? 0 > limit {
            return nil
        }
        (beforeLast, last, row) = (last, row, beforeLast)
    }
    return last[b.count] <= limit ? last[b.count] : nil
}
