import Basics
import Detection
import DetectorKit
import Testing

@Suite struct BoxCoderTests {
    @Test(arguments: [BoxCoder.anchors, .regions])
    func decodingUndoesEncoding(coder: BoxCoder) {
        let reference = Box(x1: 10, y1: 20, x2: 50, y2: 44)
        let box = Box(x1: 3.5, y1: 22, x2: 61.25, y2: 90)
        let again = coder.decode(coder.encode([box], from: [reference]), from: [reference])[0]
        #expect(abs(again.x1 - box.x1) < 1e-4 && abs(again.y1 - box.y1) < 1e-4)
        #expect(abs(again.x2 - box.x2) < 1e-4 && abs(again.y2 - box.y2) < 1e-4)
    }

    @Test func growthIsLimited() {
        let box = BoxCoder.anchors.decode([0, 0, 100, .infinity], from: [Box(x1: 0, y1: 0, x2: 16, y2: 16)])[0]
        #expect(abs(box.width - 1000) < 0.01 && abs(box.height - 1000) < 0.01)
    }

    @Test func scalesAndClips() {
        let box = Box(x1: 1, y1: 2, x2: 3, y2: 7)
        let size = ImageSize(width: 10, height: 20)
        #expect(
            box.scaled(from: size, to: ImageSize(width: 5, height: 60)) == Box(x1: 0.5, y1: 6, x2: 1.5, y2: 21))
        #expect(
            Box(x1: -4, y1: 2, x2: 30, y2: 40).clipped(to: size) == Box(x1: 0, y1: 2, x2: 10, y2: 20))
        #expect(!Box(x1: 0, y1: 0, x2: .nan, y2: 5).isAtLeast(0))
    }
}

@Suite struct AnchorTests {
    /// torchvision's anchors of size 32.
    @Test func shapesAreRounded() {
        let shapes = AnchorGrid.shapes(size: 32, ratios: [0.5, 1, 2])
        #expect(
            shapes == [
                Box(x1: -23, y1: -11, x2: 23, y2: 11), Box(x1: -16, y1: -16, x2: 16, y2: 16),
                Box(x1: -11, y1: -23, x2: 11, y2: 23),
            ])
    }

    /// The guide's numbers for an input of 800×1344.
    @Test func countsAndStrides() {
        let grids = [(336, 200), (168, 100), (84, 50), (42, 25), (21, 13)].map { ImageSize(width: $0, height: $1) }
        let grid = AnchorGrid(
            .init(sizes: [32, 64, 128, 256, 512], ratios: [0.5, 1, 2]), grids: grids,
            padded: ImageSize(width: 1344, height: 800))
        #expect(grid.boxes.count == 268_569)
        #expect(grid.levels.map(\.count) == [201_600, 50_400, 12_600, 3_150, 819])
        let last = grid.boxes[grid.levels[4]]
        let first = last[last.startIndex]
        #expect(last[last.startIndex + 3].x1 - first.x1 == 64)
        #expect(last[last.startIndex + 3 * 21].y1 - first.y1 == 61)
    }
}

@Suite struct BoxMatcherTests {
    private let target = Box(x1: 0, y1: 0, x2: 10, y2: 10)
    private func box(width: Float) -> Box { Box(x1: 0, y1: 0, x2: width, y2: 10) }

    @Test func thresholds() {
        let matcher = BoxMatcher(positiveOverlap: 0.7, negativeOverlap: 0.3, keepsBestOfEachTarget: false)
        let matches = matcher.match([box(width: 8), box(width: 5), box(width: 2)], to: [target])
        #expect(matches == [0, BoxMatcher.ignored, BoxMatcher.background])
        #expect(matcher.match([target], to: []) == [BoxMatcher.background])
        #expect(matcher.match([], to: [target]) == [])
    }

    /// The best of a target are positive, ties too, but for the target that they overlap most themselves.
    @Test func bestOfEachTarget() {
        let matcher = BoxMatcher(positiveOverlap: 0.7, negativeOverlap: 0.3, keepsBestOfEachTarget: true)
        #expect(matcher.match([box(width: 2), box(width: 2), box(width: 1)], to: [target]) == [0, 0, -1])
        let larger = Box(x1: 0, y1: 0, x2: 100, y2: 10)
        #expect(matcher.match([box(width: 6), box(width: 5)], to: [larger, target]) == [1, BoxMatcher.ignored])
        let far = Box(x1: 500, y1: 500, x2: 510, y2: 510)
        #expect(matcher.match([box(width: 2)], to: [far]) == [BoxMatcher.background])
    }

    /// Many boxes against the definition, worked out box by box; with ties, since sides are whole pixels.
    @Test(arguments: [true, false])
    func manyBoxes(keepsBest: Bool) {
        var random = RandomStream(seed: 12)
        func boxes(_ count: Int, upTo side: Int) -> [Box] {
            (0..<count).map { _ in
                let (x, y) = (random.index(below: 60), random.index(below: 40))
                return Box(
                    x1: Float(x), y1: Float(y), x2: Float(x + 1 + random.index(below: side)),
                    y2: Float(y + 1 + random.index(below: side)))
            }
        }
        let candidates = boxes(5003, upTo: 20)
        let targets = boxes(9, upTo: 30) + [Box(x1: 900, y1: 900, x2: 901, y2: 901)]
        let matcher = BoxMatcher(positiveOverlap: 0.6, negativeOverlap: 0.3, keepsBestOfEachTarget: keepsBest)
        let overlaps = candidates.map { candidate in targets.map { $0.overlap(candidate) } }
        let most = targets.indices.map { target in overlaps.map { $0[target] }.max() ?? 0 }
        let wanted = overlaps.map { overlaps -> Int32 in
            let largest = overlaps.max() ?? 0
            let best = Int32(overlaps.firstIndex(of: largest) ?? 0)
            if keepsBest, zip(overlaps, most).contains(where: { $0 == $1 && $1 > 0 }) { return best }
            return largest >= 0.6 ? best : largest >= 0.3 ? BoxMatcher.ignored : BoxMatcher.background
        }
        #expect(matcher.match(candidates, to: targets) == wanted)
        #expect(Set(wanted).count > 8)
    }
}

@Suite struct BalancedSamplerTests {
    private let matches: [Int32] = (0..<1000).map { $0 % 10 == 0 ? 3 : $0 % 10 == 1 ? -2 : -1 }

    @Test func drawsTheShares() {
        var random = RandomStream(seed: 1)
        let sample = BalancedSampler(count: 64, positiveFraction: 0.25).sample(matches, &random)
        #expect(sample.positives.count == 16 && sample.negatives.count == 48)
        #expect(sample.positives.allSatisfy { matches[$0] >= 0 } && sample.negatives.allSatisfy { matches[$0] == -1 })
        #expect(sample.positives == sample.positives.sorted() && Set(sample.negatives).count == 48)
        let many = BalancedSampler(count: 512, positiveFraction: 0.5).sample(matches, &random)
        #expect(many.positives.count == 100 && many.negatives.count == 412)
        let all = BalancedSampler(count: 5000, positiveFraction: 0.5).sample(matches, &random)
        #expect(all.positives.count == 100 && all.negatives.count == 800)
    }

    @Test func everyCandidateIsDrawnAlike() {
        var counts = [Int](repeating: 0, count: 1000)
        for seed in 0..<2000 {
            var random = RandomStream(seed: UInt64(seed))
            for index in BalancedSampler(count: 20, positiveFraction: 0.5).sample(matches, &random).positives {
                counts[index] += 1
            }
        }
        // 200 expected of each, deviation 13.4.
        #expect(stride(from: 0, to: 1000, by: 10).allSatisfy { (140...260).contains(counts[$0]) })
    }
}
