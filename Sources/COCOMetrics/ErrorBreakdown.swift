import Basics

/// What a detector gets wrong, kind by kind, and what each kind costs.
///
/// The kinds and their order of precedence are TIDE's (Bolya et al., "TIDE: A General Toolbox for Identifying Object
/// Detection Errors", ECCV 2020). Unlike TIDE, detections are matched as COCO matches them (IoU .5, 100 detections for
/// each image and category), so that the error-free part agrees with `COCOResult.averagePrecision50`.
public struct ErrorBreakdown: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable, CodingKeyRepresentable {
        /// On an object of another category (IoU at least .5).
        case classification
        /// On an object of its category, but loosely (IoU from .1 to .5).
        case localisation
        /// Loosely on an object of another category.
        case classificationAndLocalisation = "classification-and-localisation"
        /// On an object of its category that a better detection found.
        case duplicate
        /// On nothing (IoU below .1).
        case background
        /// An object that was not found, and is not the target of a classification or localisation error either.
        case missed
    }

    /// How many there are.
    public var counts: [Kind: Int]
    /// AP50 gained if an oracle mended this kind alone. They don't add up to what is missing.
    public var cost: [Kind: Double]
    /// Counts by category id: that of the detection, or of the missed object.
    public var perCategory: [Int: [Kind: Int]]
    /// AP at IoU .5 as it is.
    public var averagePrecision50: Double
}

/// Sorts a detector's errors by kind. Throws as `evaluate` does.
public func errorBreakdown(
    _ groundTruth: GroundTruth, _ detections: [DetectionRecord], place: String = "detections"
) throws -> ErrorBreakdown {
    let ledger = try ErrorLedger(EvaluationSet(groundTruth, detections, place: place))
    let base = ledger.averagePrecision(mending: nil)
    var counts: [ErrorBreakdown.Kind: Int] = [:]
    var cost: [ErrorBreakdown.Kind: Double] = [:]
    for kind in ErrorBreakdown.Kind.allCases {
        counts[kind] = ledger.perCategory.reduce(0) { $0 + ($1[kind] ?? 0) }
        cost[kind] = base < 0 ? 0 : max(0, ledger.averagePrecision(mending: kind) - base)
    }
    let ids = ledger.set.categories.map(\.id)
    return ErrorBreakdown(
        counts: counts, cost: cost, perCategory: Dictionary(uniqueKeysWithValues: zip(ids, ledger.perCategory)),
        averagePrecision50: base)
}
