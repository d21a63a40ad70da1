import Basics
import Tensor
import Testing

@Suite struct NonMaximumSuppressionTests {
    /// Boxes on a grid and scores in steps, so that equal scores and IoUs at the threshold are common.
    private static func sample(_ count: Int, grid: Int, seed: UInt64) -> (boxes: [Float], scores: [Float]) {
        var random = RandomStream(seed: seed)
        var boxes: [Float] = []
        var scores: [Float] = []
        for _ in 0..<count {
            let (x, y) = (random.index(below: 20) * grid, random.index(below: 20) * grid)
            let (w, h) = (random.index(below: 9) * grid, random.index(below: 9) * grid)
            boxes += [x, y, x + w, y + h].map { Float($0) }
            scores.append(Float(random.index(below: 12)) / 12 * (random.index(below: 9) == 0 ? -1 : 1))
        }
        return (boxes, scores)
    }

    private static func overlap(_ boxes: [Float], _ i: Int, _ j: Int) -> Float {
        let (a, b) = (Array(boxes[(4 * i)..<(4 * i + 4)]), Array(boxes[(4 * j)..<(4 * j + 4)]))
        let w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
        let h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
        let union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h
        return w * h / union
    }

    private static func naive(_ boxes: [Float], _ scores: [Float], _ groups: [Int], _ threshold: Double) -> [Int] {
        let order = scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
        var kept: [Int] = []
        for index in order
        where !kept.contains(where: {
            groups[$0] == groups[index] && Double(overlap(boxes, $0, index)) > threshold
        }) { kept.append(index) }
        return kept
    }

    @Test(arguments: [0, 1, 5, 60, 400], [0.3, 0.5, 0.7])
    func agreesWithTheDefinition(count: Int, threshold: Double) {
        for grid in [1, 16] {
            let (boxes, scores) = Self.sample(count, grid: grid, seed: UInt64(count + grid))
            let one = [Int](repeating: 0, count: count)
            let expected = Self.naive(boxes, scores, one, threshold)
            #expect(nonMaximumSuppression(boxes: boxes, scores: scores, threshold: threshold) == expected)
            let few = nonMaximumSuppression(boxes: boxes, scores: scores, threshold: threshold, limit: 7)
            #expect(few == Array(expected.prefix(7)))
            let groups = (0..<count).map { $0 * 7 % 3 - 1 }
            let grouped = Self.naive(boxes, scores, groups, threshold)
            #expect(
                nonMaximumSuppression(boxes: boxes, scores: scores, groups: groups, threshold: threshold) == grouped)
            #expect(
                nonMaximumSuppression(boxes: boxes, scores: scores, groups: groups, threshold: threshold, limit: 5)
                    == Array(grouped.prefix(5)))
        }
    }

    @Test func anOverlapAtTheThresholdIsKept() {
        // IoU 50/150 = 1/3 in float.
        let boxes: [Float] = [0, 0, 10, 10, 5, 0, 15, 10]
        #expect(nonMaximumSuppression(boxes: boxes, scores: [1, 0.5], threshold: Double(Float(1) / 3)) == [0, 1])
        #expect(nonMaximumSuppression(boxes: boxes, scores: [1, 0.5], threshold: 0.33333) == [0])
        #expect(nonMaximumSuppression(boxes: boxes, scores: [1, 0.5], threshold: 0.5, limit: 0) == [])
    }

    @Test func sortingIsStable() {
        let scores: [Float] = [0, 1, -0.0, -.infinity, 1, -3, 0.5, .greatestFiniteMagnitude, 0]
        #expect(indicesByFallingScore(scores) == [7, 1, 4, 6, 0, 2, 8, 5, 3])
        #expect(indicesByFallingScore(scores, limit: 3) == [7, 1, 4])
        #expect(indicesByFallingScore([]) == [])
    }

    @Test func overlaps() {
        let matrix = intersectionOverUnion(
            [0, 0, 10, 10, 1, 1, 1, 1], [5, 5, 15, 15, 0, 0, 10, 10, 20, 20, 30, 30, 2, 2, 4, 4, 1, 1, 1, 1])
        #expect(matrix == [Float(25) / 175, 1, 0, Float(4) / 100, 0, 0, 0, 0, 0, 0])
        #expect(intersectionOverUnion([], [0, 0, 1, 1]) == [])
    }

    /// Every operation is rounded by itself: a fused multiply-add would turn ties at a threshold.
    @Test func overlapsHaveTheBitsOfTheirFormula() {
        var random = RandomStream(seed: 6)
        let boxes = (0..<120).flatMap { _ -> [Float] in
            let (x, y) = (Float(random.uniform(0, 300)), Float(random.uniform(0, 300)))
            return [x, y, x + Float(random.uniform(5, 200)), y + Float(random.uniform(5, 200))]
        }
        let matrix = intersectionOverUnion(boxes, boxes)
        for i in 0..<120 {
            for j in 0..<120 { #expect(matrix[i * 120 + j] == Self.overlap(boxes, i, j), "\(i) \(j)") }
        }
    }
}
