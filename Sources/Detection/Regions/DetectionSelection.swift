public import DetectorKit
import Glibc
public import Tensor

/// An object that a detector found.
public struct DetectedObject: Sendable, Hashable {
    /// In the pixels of the image as it was given.
    public var box: Box
    /// 0…1
    public var score: Float
    /// 1…K
    public var label: Int

    public init(box: Box, score: Float, label: Int) {
        self.box = box
        self.score = score
        self.label = label
    }
}

extension DetectorArchitecture.Selection {
    /// Boxes with a shorter side are dropped.
    public static var smallestSide: Float { 1e-2 }

    /// Turns the box head's answers for the regions of one image into detections, best first, in resized pixels.
    ///
    /// - Parameters:
    ///   - classLogits: [R, K + 1], background first; `rows` are those of this image's regions.
    ///   - boxDeltas: [R, 4 (K + 1)].
    public func detections(
        classLogits: Tensor, boxDeltas: Tensor, rows: Range<Int>, regions: [Box], size: ImageSize
    ) -> [DetectedObject] {
        let classes = classLogits.shape[1]
        let threshold = Float(scoreThreshold)
        var (offsets, references): ([Float], [Box]) = ([], [])
        var (scores, labels): ([Float], [Int]) = ([], [])
        classLogits.withUnsafeFloats { logits in
            boxDeltas.withUnsafeFloats { deltas in
                for (row, region) in zip(rows, regions) {
                    let logits = UnsafeBufferPointer(rebasing: logits[row * classes..<(row + 1) * classes])
                    let most = logits.max() ?? 0
                    let total = logits.reduce(Float(0)) { $0 + expf($1 - most) }
                    for label in 1..<classes {
                        let score = expf(logits[label] - most) / total
                        guard score > threshold else { continue }
                        let at = (row * classes + label) * 4
                        offsets += deltas[at..<at + 4]
                        references.append(region)
                        scores.append(score)
                        labels.append(label)
                    }
                }
            }
        }
        var found = Candidates()
        for (index, box) in BoxCoder.regions.decode(offsets, from: references).enumerated() {
            let box = box.clipped(to: size)
            if box.isAtLeast(Self.smallestSide) { found.append(box, score: scores[index], group: labels[index]) }
        }
        return found.thinned(above: detectionOverlap, keepingAtMost: detectionsPerImage).map {
            DetectedObject(box: found.boxes[$0], score: found.scores[$0], label: found.groups[$0])
        }
    }
}
