public import Basics
public import DetectorKit

/// A teacher as a value: a choice in each elastic dimension.
public struct TeacherChoice: Sendable, Hashable, Codable {
    /// Blocks of each stage.
    public var depths: [Int]
    /// Fractions of the supernet's widths, stage by stage; 1 for the inner ones where each block has its own.
    public var innerWidths: [Double]
    public var trunkWidths: [Double]
    /// By stage and block, where each block has a width of its own; 1 for blocks that are not there.
    public var blockWidths: [[Double]]?
    public var input: DetectorArchitecture.InputSize

    public var digest: Digest { get throws { Digest(of: try JSON(encoding: self).canonicalText) } }
}

extension TeacherChoice: CustomStringConvertible {
    /// `depth 2-2-3-2, inner 100-100-75-100 %, input 240`: depths, the widths that are not whole, the images' shorter side. Where
    /// each block has its own width: `inner 100/50-100/100-75/100/50-100/100 %`.
    public var description: String {
        func numbers(_ fractions: some Sequence<Double>, _ separator: String) -> String {
            fractions.map { tenths($0 * 100).replacing(/\.0$/, with: "") }.joined(separator: separator)
        }
        func percent(_ fractions: [Double]) -> String { numbers(fractions, "-") + " %" }
        var parts = ["depth " + depths.map(String.init).joined(separator: "-")]
        if innerWidths.contains(where: { $0 != 1 }) { parts.append("inner \(percent(innerWidths))") }
        if let blockWidths, blockWidths.joined().contains(where: { $0 != 1 }) {
            let stages = zip(blockWidths, depths).map { numbers($0.prefix(max(0, $1)), "/") }
            parts.append("inner \(stages.joined(separator: "-")) %")
        }
        if trunkWidths.contains(where: { $0 != 1 }) { parts.append("trunk \(percent(trunkWidths))") }
        parts.append("input \(input.shorter)")
        return parts.joined(separator: ", ")
    }
}

extension SearchSpace {
    /// The supernet itself.
    public var largest: TeacherChoice { choice { count($0) - 1 } }
    /// The smallest value everywhere.
    public var smallest: TeacherChoice { choice { _ in 0 } }

    /// Whether a choice has a value of this space in each dimension.
    public func contains(_ choice: TeacherChoice) -> Bool {
        choice.depths.count == depths.count && choice.innerWidths.count == depths.count
            && choice.trunkWidths.count == depths.count && fits(choice.blockWidths)
            && dimensions.allSatisfy { level($0, of: choice) != nil }
            && choice == self.choice { level($0, of: choice) ?? 0 }
    }

    private func fits(_ blockWidths: [[Double]]?) -> Bool {
        blockWidths?.map(\.count) == (isPerBlock ? depths.map { $0.last ?? 0 } : nil)
    }

    /// The choice whose value in each dimension has the given place (0 is the smallest).
    public func choice(_ level: (Dimension) -> Int) -> TeacherChoice {
        let stages = depths.indices
        func share(_ dimension: Dimension) -> Double { shares(dimension)[level(dimension)] }
        let depths = stages.map { self.depths[$0][level(.depth(stage: $0))] }
        return TeacherChoice(
            depths: depths, innerWidths: stages.map { isPerBlock ? 1 : share(.inner(stage: $0, block: nil)) },
            trunkWidths: stages.map { share(.trunk(stage: $0)) },
            blockWidths: isPerBlock
                ? stages.map { stage in
                    // A block that is not there has no width: else one network would have several names.
                    (0..<(self.depths[stage].last ?? 0)).map { block in
                        block < depths[stage] ? share(.inner(stage: stage, block: block)) : 1
                    }
                } : nil, input: inputs[level(.input)])
    }

    /// The place of a choice's value in a dimension; nil when the space lacks it.
    public func level(_ dimension: Dimension, of choice: TeacherChoice) -> Int? {
        switch dimension {
        case .depth(let stage): depths[stage].firstIndex(of: choice.depths[stage])
        case .inner(let stage, nil): shares(dimension).firstIndex(of: choice.innerWidths[stage])
        case .inner(let stage, let block?):
            choice.blockWidths.flatMap { shares(dimension).firstIndex(of: $0[stage][block]) }
        case .trunk(let stage): shares(dimension).firstIndex(of: choice.trunkWidths[stage])
        case .input: inputs.firstIndex(of: choice.input)
        }
    }

    /// A fresh draw, uniform in each dimension among the values from `lowest` on.
    public func draw(
        _ random: inout RandomStream, from lowest: (Dimension) -> Int = { _ in 0 }
    ) -> TeacherChoice {
        // Every dimension draws, also one without a choice, so that opening one shifts no other.
        var levels: [Dimension: Int] = [:]
        for dimension in dimensions {
            let low = lowest(dimension)
            levels[dimension] = low + random.index(below: count(dimension) - low)
        }
        return choice { levels[$0] ?? 0 }
    }

    /// The dimensions with a choice that a teacher has: not the widths of blocks that it lacks.
    public func elastic(of teacher: TeacherChoice) -> [Dimension] {
        elastic.filter { dimension in
            guard case .inner(let stage, let block?) = dimension else { return true }
            return block < teacher.depths[stage]
        }
    }

    /// The teacher one step away in one dimension: up or down by chance, the other way at the end. The same one where that is the
    /// width of a block that it lacks.
    public func neighbour(
        of teacher: TeacherChoice, along dimension: Dimension, _ random: inout RandomStream
    ) -> TeacherChoice {
        let current = level(dimension, of: teacher) ?? 0
        let isUp = random.uniform() < 0.5
        let last = count(dimension) - 1
        let moved = isUp ? (current < last ? current + 1 : current - 1) : (current > 0 ? current - 1 : current + 1)
        return choice { $0 == dimension ? min(max(moved, 0), last) : level($0, of: teacher) ?? 0 }
    }
}
