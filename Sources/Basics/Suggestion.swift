/// The candidate that a misspelt word most likely meant, if one is near enough (edit distance at most a third of its length).
public func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let ranked = candidates.map { (distance: editDistance(word, $0), name: $0) }.sorted {
        ($0.distance, $0.name) < ($1.distance, $1.name)
    }
    guard let best = ranked.first, best.distance <= max(1, max(word.count, best.name.count) / 3) else { return nil }
    return best.name
}

/// Edits (insert, delete, replace, swap of neighbours) between two words: the restricted Damerau–Levenshtein distance.
func editDistance(_ first: String, _ second: String) -> Int {
    let a = Array(first.lowercased())
    let b = Array(second.lowercased())
    var rows = [Array(0...b.count)]
    for i in 1...max(1, a.count) where !a.isEmpty {
        var row = [i]
        for j in 1...max(1, b.count) where !b.isEmpty {
            let replace = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
            var best = min(replace, rows[i - 1][j] + 1, row[j - 1] + 1)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
            row.append(best)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
