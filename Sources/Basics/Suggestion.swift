/// The candidate that a misspelt word most likely meant, if one is near enough (edit distance at most a third of its length).
public func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let letters = Array(word.lowercased().unicodeScalars)
    var best: (distance: Int, name: String)?
    for name in candidates {
        let other = Array(name.lowercased().unicodeScalars)
        let limit = max(1, max(letters.count, other.count) / 3)
        // The lengths alone make them so different.
        guard abs(letters.count - other.count) <= limit else { continue }
        let distance = editDistance(letters, other)
        guard distance <= limit, best.map({ (distance, name) < ($0.distance, $0.name) }) ?? true else { continue }
        best = (distance, name)
    }
    return best?.name
}

/// Edits (insert, delete, replace, swap of neighbours) between two words: the restricted Damerau–Levenshtein distance.
func editDistance(_ first: String, _ second: String) -> Int {
    editDistance(Array(first.lowercased().unicodeScalars), Array(second.lowercased().unicodeScalars))
}

private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        row.reserveCapacity(b.count + 1)
        for j in 0..<b.count {
            let replace = last[j] + (a[i] == b[j] ? 0 : 1)
            var best = min(replace, last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
            row.append(best)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
