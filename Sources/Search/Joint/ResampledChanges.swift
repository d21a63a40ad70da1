public import Basics

/// What a student has more AP than another detector on each of several drawings of a split's images with replacement (paired
/// bootstrap, Efron 1979).
public struct ResampledChanges: Sendable, Hashable {
    /// −1 to 1; nil where nothing was to be found on the drawn images.
    public let values: [Double?]

    public init(_ values: [Double?]) { self.values = values }

    /// Fewer drawings tell nothing.
    public static let least = 20

    /// The middle 95 % of them; nil for too few to say.
    public var interval: ClosedRange<Double>? {
        let sorted = values.compactMap(\.self).sorted()
        guard sorted.count >= Self.least else { return nil }
        let tail = Int(Double(sorted.count) * 0.025)
        return sorted[tail]...sorted[sorted.count - 1 - tail]
    }

    /// The mean change of several students on each drawing, as far as all have one: how sure their mean is, over images.
    ///
    /// - Parameter several: of drawings that are the same for all.
    public static func mean(_ several: [ResampledChanges]) -> ResampledChanges {
        let count = several.map(\.values.count).min() ?? 0
        return ResampledChanges(
            (0..<count).map { sample in
                let changes = several.compactMap { $0.values[sample] }
                return changes.count == several.count ? changes.reduce(0, +) / Double(changes.count) : nil
            })
    }

    /// To a thousandth of a point: rounded once more, to the tenth of a point that people read, it hardly ever differs.
    public var json: JSON {
        .array(values.map { value in value.map { .number(($0 * 100_000).rounded() / 100_000) } ?? .null })
    }

    /// nil where it is something else.
    public init?(json: JSON) {
        guard let elements = json.array, elements.allSatisfy({ $0.isNull || $0.number != nil }) else { return nil }
        values = elements.map(\.number)
    }
}
