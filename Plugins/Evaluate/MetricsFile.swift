import Basics
import COCOMetrics
import Search
import Training

/// What `metrics.json` says.
///
/// `{"format": "jdnas-metrics/1", "job", "split": {"name", "images", "objects", "digest"}, "base", "student", "teacher", "change",
/// "rivals", "search", "device"}`. Each detector has COCO's 12 numbers by name and as `stats`, `per_class`, `parameters`, `macs`,
/// `latency_ms` (`median`, `p95`, `samples`: their number), `errors` (by kind: `count`, and `cost` in AP50), its
/// architecture's digest, and `measured`: a digest of what its detections depend on (network, weights, images, machine, version).
/// A number is -1 where there was nothing to be found, as in COCO.
///
/// `change` is student minus base: `ap` (0 to 1), `ap_points` (per cent), `ap_points_interval` (95 %, by drawing images with
/// replacement), `resampled` (`ap` on each drawing, the same drawings for all evaluations of a split), and `latency_percent`,
/// `parameters_percent`, `macs_percent` of the base's. `rivals`, by name: each one's figures, and in `change` student minus rival.
///
/// `search`, where there was one: its `mode`, how many `candidates` it trained, `target` (the share of the base's latency), the
/// digest of the base's weights (`base`), and its `cost`: multiply-accumulates of its trainings (`search_macs`), of the teachers'
/// and the base's, and `base_trainings`, search and teachers over base; null where their makers did not say.
struct MetricsFile {
    let job: String
    let split: String
    let truth: GroundTruth
    let assessed: [Assessment]
    let comparisons: [Comparison]
    let search: SearchRecord?
    let device: DeviceIdentity
    let errors: [Role: ErrorBreakdown]

    init(
        job: String, split: String, truth: GroundTruth, assessed: [Assessment], comparisons: [Comparison],
        search: SearchRecord? = nil, device: DeviceIdentity
    ) throws {
        self.job = job
        self.split = split
        self.truth = truth
        self.assessed = assessed
        self.comparisons = comparisons
        self.search = search
        self.device = device
        errors = Dictionary(
            uniqueKeysWithValues: try assessed.map { ($0.role, try errorBreakdown(truth, $0.detections)) })
    }

    private static let statNames = [
        "ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar_1", "ar_10", "ar_100", "ar_small", "ar_medium",
        "ar_large",
    ]

    var json: JSON {
        var members: [String: JSON] = [
            "format": "jdnas-metrics/1", "job": .string(job),
            "split": [
                "name": .string(split), "images": .integer(truth.images.count),
                "objects": .integer(truth.annotations.count { !$0.isCrowd }),
                "digest": .string(truth.digest.hex),
            ],
            "device": [
                "processor": .string(device.processor), "instruction_set": .string(device.instructionSet),
                "libraries": .string(device.libraries), "threads": .integer(device.threads),
            ],
        ]
        var rivals: [String: JSON] = [:]
        for assessment in assessed {
            var figures = figures(of: assessment)
            guard let name = assessment.role.rivalName else {
                members["\(assessment.role)"] = .object(figures)
                continue
            }
            figures["change"] = change(from: assessment.role).map(JSON.object)
            rivals[name] = .object(figures)
        }
        if let change = change(from: .base) { members["change"] = .object(change) }
        if !rivals.isEmpty { members["rivals"] = .object(rivals) }
        if let search { members["search"] = search.metrics }
        return .object(members)
    }

    private func figures(of assessment: Assessment) -> [String: JSON] {
        let result = assessment.result
        var members: [String: JSON] = [
            "stats": .array(result.stats.map(JSON.number)),
            "per_class": .array(
                result.perCategory.map { category in
                    [
                        "id": .integer(category.id), "name": .string(category.name),
                        "ap": .number(category.averagePrecision), "ap50": .number(category.averagePrecision50),
                        "ap75": .number(category.averagePrecision75), "ar": .number(category.averageRecall),
                        "objects": .integer(category.objects),
                    ]
                }),
            "parameters": .integer(assessment.parameters), "macs": .integer(assessment.macs),
            "architecture": .string(assessment.architecture),
            "architecture_digest": .string(assessment.architectureDigest),
            "detections": .integer(assessment.detections.count),
        ]
        for (name, value) in zip(Self.statNames, result.stats) { members[name] = .number(value) }
        if let measured = assessment.measured { members["measured"] = .string(measured.hex) }
        if let latency = assessment.latency {
            members["latency_ms"] = [
                "median": .number(latency.median), "p95": .number(latency.p95),
                "samples": .integer(latency.samples.count),
            ]
        }
        if let breakdown = errors[assessment.role] {
            members["errors"] = .object(
                Dictionary(
                    uniqueKeysWithValues: ErrorBreakdown.Kind.allCases.map { kind in
                        (
                            kind.rawValue,
                            [
                                "count": .integer(breakdown.counts[kind] ?? 0),
                                "cost": .number(breakdown.cost[kind] ?? 0),
                            ]
                        )
                    }))
        }
        return members
    }

    /// The base's comparison.
    var comparison: Comparison? { comparisons.first { $0.reference == .base } }

    private func change(from role: Role) -> [String: JSON]? {
        guard let comparison = comparisons.first(where: { $0.reference == role }), let base = assessed.first(role),
            let student = assessed.first(.student)
        else { return nil }
        func percent(_ before: Double?, _ after: Double?) -> JSON {
            guard let before, let after, before > 0 else { return .null }
            return .number((after / before - 1) * 100)
        }
        return [
            "ap": .number(comparison.averagePrecision), "ap_points": .number(comparison.averagePrecision * 100),
            "ap_points_interval": comparison.interval.map {
                [.number($0.lowerBound * 100), .number($0.upperBound * 100)]
            } ?? .null,
            "resampled": comparison.resampled.json,
            "latency_percent": percent(base.latency?.median, student.latency?.median),
            "parameters_percent": percent(Double(base.parameters), Double(student.parameters)),
            "macs_percent": percent(Double(base.macs), Double(student.macs)),
        ]
    }

    /// A line for each rival: what the student has more.
    var rivalLines: [String] {
        comparisons.compactMap { comparison in
            guard let name = comparison.reference.rivalName, let rival = assessed.first(comparison.reference) else {
                return nil
            }
            var line = "against \(name) (AP \(tenths(100 * rival.result.averagePrecision))): AP "
            line += signedPoints(comparison.averagePrecision)
            if let interval = comparison.interval {
                line +=
                    ", \(signedPoints(interval.lowerBound)) to \(signedPoints(interval.upperBound)) over drawn images"
            }
            if let before = rival.latency?.median, let after = assessed.first(.student)?.latency?.median, before > 0 {
                let change = Int((100 * (after / before - 1)).rounded())
                line += ", latency \(change < 0 ? "−\(-change)" : change > 0 ? "+\(change)" : "±0") %"
            }
            return line
        }
    }

    /// The receipt's summary: lines for people, and the main numbers.
    func summary(headline: [String]) -> JSON {
        var members: [String: JSON] = ["headline": .array(headline.map(JSON.string))]
        for assessment in assessed {
            members[assessment.role.rivalName.map { "rival \($0)" } ?? "\(assessment.role)"] = [
                "ap": .number(assessment.result.averagePrecision),
                "latency_ms": assessment.latency.map { .number($0.median) } ?? .null,
                "parameters": .integer(assessment.parameters), "macs": .integer(assessment.macs),
            ]
        }
        if var change = change(from: .base) {
            // Of no use to readers of receipts.
            change["resampled"] = nil
            members["change"] = .object(change)
        }
        return .object(members)
    }
}

extension GroundTruth {
    /// Equal for the same ids of images with the same objects.
    fileprivate var digest: Digest {
        let objects = annotations.sorted { $0.id < $1.id }.map { object in
            let box = object.box
            return
                "\(object.imageID) \(object.categoryID) \(box.x) \(box.y) \(box.width) \(box.height) \(object.isCrowd)"
        }
        return Digest(of: (images.sorted().map(String.init) + objects).joined(separator: "\n"))
    }
}
