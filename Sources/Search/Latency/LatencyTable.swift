public import Basics
public import DetectorKit
public import Training

/// Measured times of single operators on one device, and how they add up to a whole detector's.
///
/// A detector's latency is predicted as `fixed + slope · Σ operators`: `fixed` stands for resizing, proposal selection,
/// suppression and post-processing, and both numbers are fitted on whole detectors measured on the same device. The
/// table is kept with the job: given the table, every decision that rests on a latency can be repeated.
public struct LatencyTable: Sendable, Hashable {
    public static let format = "jdnas-latency-table/3"

    public var device: DeviceIdentity
    /// Milliseconds, batch 1.
    public var operators: [OperatorSpec: Double] = [:]
    public var fit: Fit?

    public init(device: DeviceIdentity) { self.device = device }
}

extension LatencyTable {
    /// The operators in an order of their own, so that equal tables have equal texts.
    public var json: JSON {
        get throws {
            let rows = operators.map { spec, milliseconds in spec.numbers + [.number(milliseconds)] }
            let keyed = zip(operators.keys, rows).map { (key: $0.sortingKey, row: $1) }
            return [
                "format": .string(Self.format), "device": try JSON(encoding: device),
                "fit": try fit.map { try JSON(encoding: $0) } ?? .null,
                "columns": .array((OperatorSpec.columns + ["milliseconds"]).map { .string($0) }),
                "operators": .array(
                    keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { .array($0.row) }),
            ]
        }
    }

    public init(
        json: JSON, at place: String, remedy: String = "leave the table out: the search measures a new one"
    ) throws {
        func refusal(_ what: String) -> Failure { Failure(what, at: place, remedy: remedy) }
        guard json["format"]?.string == Self.format else {
            throw refusal("not a latency table of format '\(Self.format)'")
        }
        guard let device = json["device"], let rows = json["operators"]?.array else {
            throw refusal("the latency table lacks its device or its operators")
        }
        self.init(device: try device.decode(DeviceIdentity.self, at: place))
        if let fit = json["fit"], !fit.isNull {
            let fit = try fit.decode(Fit.self, at: place)
            guard fit.isUsable else { throw refusal("nothing can be predicted by the latency table's fit") }
            self.fit = fit
        }
        for row in rows {
            guard let cells = row.array, let spec = OperatorSpec(numbers: cells.dropLast()),
                let milliseconds = cells.last?.number, milliseconds >= 0
            else { throw refusal("the latency table has a row that is no operator: \(row.canonicalText)") }
            operators[spec] = milliseconds
        }
    }
}

extension OperatorSpec {
    fileprivate static let columns = [
        "kind", "batch", "input_channels", "output_channels", "height", "width", "kernel", "stride", "groups", "macs",
    ]

    private var integers: [Int] {
        [batch, inputChannels, outputChannels, height, width, kernel, stride, groups, multiplyAccumulates]
    }

    fileprivate var numbers: [JSON] { [.string(kind.rawValue)] + integers.map { .integer($0) } }

    fileprivate var sortingKey: [Int] { [Kind.allCases.firstIndex(of: kind) ?? 0] + integers }

    fileprivate init?(numbers: ArraySlice<JSON>) {
        let cells = Array(numbers)
        let values = cells.dropFirst().compactMap(\.integer)
        guard let kind = cells.first?.string.flatMap(Kind.init(rawValue:)), values.count == 9 else { return nil }
        self.init(
            kind: kind, batch: values[0], inputChannels: values[1], outputChannels: values[2], height: values[3],
            width: values[4], kernel: values[5], stride: values[6], groups: values[7], multiplyAccumulates: values[8])
    }
}
