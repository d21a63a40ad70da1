public import Basics
public import DetectorKit

/// A teacher as a value: a choice in each elastic dimension, and what is known of it. Measured and predicted times are kept
/// out: equal trainings make equal pools.
public struct Teacher: Sendable, Hashable, Codable {
    /// What a pool's card calls it: `largest`, `smallest`, or `drawn1` and so on; nil for one that is not on the card.
    public var name: String?
    public var choice: TeacherChoice
    public var cost: Cost
    /// AP on the split that the card was made on.
    public var precision: Double?

    public init(name: String? = nil, choice: TeacherChoice, cost: Cost, precision: Double? = nil) {
        self.name = name
        self.choice = choice
        self.cost = cost
        self.precision = precision
    }

    public var digest: Digest { get throws { try choice.digest } }
}

extension ElasticPool {
    /// What is known of a choice.
    public func known(_ choice: TeacherChoice) throws -> Teacher {
        try card.first { $0.choice == choice }
            ?? Teacher(choice: choice, cost: supernet.subnet(choice).graph.cost)
    }

    /// Those that a digest is looked for among: all, or where they are too many those on the card.
    private var choices: [TeacherChoice] {
        supernet.space.size <= Self.mostSearched ? Array(supernet.space.all) : card.map(\.choice)
    }

    /// More teachers than this are not listed one by one.
    public static let mostListed = 20_000
    /// Digests are looked for among so many.
    static let mostSearched = 200_000

    /// The teacher that a text names: a name on the card, the first six digits or more of a digest, or the choice itself as the
    /// card writes it.
    public func teacher(named text: String) throws -> Teacher {
        if let entry = card.first(where: { $0.name == text }) { return entry }
        if text.count >= 6, text.allSatisfy(\.isHexDigit) {
            let found = try choices.filter { try $0.digest.hex.hasPrefix(text.lowercased()) }
            guard found.count < 2 else {
                throw Failure("\(found.count) teachers' digests begin with '\(text)'", remedy: "give more digits")
            }
            if let choice = found.first { return try known(choice) }
        }
        return try known(supernet.space.choice(parsing: text))
    }
}

extension SearchSpace {
    /// How a choice is written.
    public static let grammar = "'largest', 'smallest', or as in 'depth 2-2-3-2, inner 100-50-75-100 %, input 240'"

    /// The choice that `TeacherChoice.description` writes; dimensions that are left out have their largest value.
    public func choice(parsing text: String) throws -> TeacherChoice {
        if text == "largest" { return largest }
        if text == "smallest" { return smallest }
        func refusal(_ what: String) -> Failure {
            Failure(
                "no teacher of this pool: '\(text)'\(what)", remedy: "write \(Self.grammar), with the pool's values")
        }
        var levels: [Dimension: Int] = [:]
        func set(_ dimension: Dimension, _ level: Int?, _ part: String) throws {
            guard let level else { throw refusal(": \(dimension) has no such value ('\(part)')") }
            guard levels.updateValue(level, forKey: dimension) == nil else {
                throw refusal(": \(dimension) is there twice")
            }
        }
        // Shares are written with a tenth of a per cent.
        func place(_ value: Double?, among fractions: [Double]) -> Int? {
            fractions.firstIndex { tenths(100 * $0) == value.map(tenths) }
        }
        for part in text.split(separator: ",").map({ $0.trimming(while: \.isWhitespace) }) {
            let words = part.split(separator: " ").map(String.init)
            guard words.count == 2 || (words.count == 3 && words[2] == "%") else { throw refusal("") }
            let values = words[1].split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
            guard words[0] == "input" ? values.count == 1 : values.count == depths.count else {
                throw refusal(": '\(part)' has \(values.count) values")
            }
            if words[0] == "inner", isPerBlock {
                for (stage, text) in words[1].split(separator: "-", omittingEmptySubsequences: false).enumerated() {
                    let shares = text.split(separator: "/", omittingEmptySubsequences: false)
                    guard shares.count <= depths[stage].max() ?? 0 else {
                        throw refusal(": stage \(stage + 1) has no \(shares.count) blocks ('\(part)')")
                    }
                    for (block, share) in shares.enumerated() {
                        let dimension = Dimension.inner(stage: stage, block: block)
                        try set(dimension, place(Double(share), among: self.shares(dimension)), part)
                    }
                }
                continue
            }
            for (stage, value) in values.enumerated() {
                switch words[0] {
                case "depth":
                    try set(.depth(stage: stage), depths[stage].firstIndex { Double($0) == value }, part)
                case "inner", "trunk":
                    let dimension: Dimension =
                        words[0] == "inner" ? .inner(stage: stage, block: nil) : .trunk(stage: stage)
                    try set(dimension, place(value, among: shares(dimension)), part)
                case "input": try set(.input, inputs.firstIndex { Double($0.shorter) == value }, part)
                default: throw refusal(": there is no dimension '\(words[0])'")
                }
            }
        }
        guard !levels.isEmpty else { throw refusal("") }
        return choice { levels[$0] ?? count($0) - 1 }
    }

    /// How many teachers there are.
    public var size: Int {
        var product = 1.0
        for stage in depths.indices {
            product *= depths[stage].reduce(0) { sum, depth in
                guard isPerBlock else { return sum + Double(count(.inner(stage: stage, block: nil))) }
                return sum + (0..<depth).reduce(1) { $0 * Double(count(.inner(stage: stage, block: $1))) }
            }
            product *= Double(count(.trunk(stage: stage)))
        }
        product *= Double(inputs.count)
        return product < 9e18 ? Int(product) : .max
    }

    /// Whether a block's width is told though the block is not there.
    private func isIdle(_ levels: [Dimension: Int]) -> Bool {
        levels.contains { dimension, level in
            guard case .inner(let stage, let block?) = dimension, level < count(dimension) - 1 else { return false }
            return block >= depths[stage][levels[.depth(stage: stage)] ?? 0]
        }
    }

    /// Every choice, the largest first.
    public var all: some Sequence<TeacherChoice> {
        let dimensions = elastic
        let combinations = dimensions.reduce(1) { product, dimension in
            let (next, overflow) = product.multipliedReportingOverflow(by: count(dimension))
            return overflow ? .max : next
        }
        return (0..<combinations).lazy.compactMap { index -> TeacherChoice? in
            var rest = index
            var levels: [Dimension: Int] = [:]
            for dimension in dimensions {
                let count = count(dimension)
                levels[dimension] = count - 1 - rest % count
                rest /= count
            }
            return isIdle(levels) ? nil : choice { levels[$0] ?? 0 }
        }
    }
}

extension Substring {
    fileprivate func trimming(while isIncluded: (Character) -> Bool) -> String {
        String(drop(while: isIncluded).reversed().drop(while: isIncluded).reversed())
    }
}
