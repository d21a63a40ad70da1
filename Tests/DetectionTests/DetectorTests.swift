import Basics
import Detection
import DetectorKit
import Tensor
import Testing

@Suite struct DetectorTests {
    private let images = [Fixture.image(90, 68, 0), Fixture.image(60, 77, 1)]
    private let targets = [
        DetectionTarget(boxes: [Box(x1: 22, y1: 22, x2: 45, y2: 45)], labels: [1]),
        DetectionTarget(boxes: [], labels: []),
    ]

    private func losses(
        _ detector: Detector, targets: [DetectionTarget], seed: UInt64
    ) throws -> (values: [String: Double], gradients: NamedTensors) {
        let tape = Tape(recording: true)
        let pass = DetectorPass(
            detector.graph, weights: detector.weights, tape: tape, mode: .training,
            frozen: { $0.hasPrefix("backbone.body.") })
        var settings = TrainingSettings()
        settings.regions.count = 32
        let losses = try pass.trainingLosses(
            images: images, targets: targets, settings: settings, random: RandomStream(seed: seed))
        return (losses.values, tape.gradients(of: losses.total))
    }

    @Test func theSeedAloneDecidesTheDraws() throws {
        let detector = try Fixture.detector()
        let first = try losses(detector, targets: targets, seed: 1)
        let again = try losses(detector, targets: targets, seed: 1)
        #expect(first.values == again.values)
        #expect(first.gradients == again.gradients)
        #expect(try losses(detector, targets: targets, seed: 2).values != first.values)
    }

    @Test func frozenParametersGetNoGradient() throws {
        let gradients = try losses(Fixture.detector(), targets: targets, seed: 1).gradients
        #expect(!gradients.keys.contains { $0.hasPrefix("backbone.body.") })
        #expect(gradients["backbone.fpn.inner_blocks.3.0.weight"] != nil)
    }

    /// Images without objects teach what background is, and nothing about boxes.
    @Test func imagesWithoutObjects() throws {
        let none = DetectionTarget(boxes: [], labels: [])
        let values = try losses(Fixture.detector(), targets: [none, none], seed: 1).values
        #expect(values["proposal_box"] == 0 && values["box"] == 0)
        #expect(values.values.allSatisfy { $0.isFinite })
    }

    @Test func aBatchFindsWhatItsImagesAloneGive() throws {
        // Of one size, so that neither pads the other.
        let pair = [Fixture.image(96, 96, 0), Fixture.image(96, 96, 1)]
        let detector = try Fixture.detector()
        let together = try detector.detect(pair)
        for (index, image) in pair.enumerated() {
            let alone = try detector.detect([image])[0]
            #expect(alone.count == together[index].count)
            for (a, b) in zip(alone, together[index]) {
                #expect(a.label == b.label && abs(a.score - b.score) < 1e-4 && distance(a.box, b.box) < 0.02)
            }
        }
        #expect(try detector.detect([ImagePlanes]()).isEmpty)
    }

    @Test(arguments: [(1, 1), (500, 1), (1, 90), (2, 3)])
    func tinyImages(width: Int, height: Int) throws {
        let found = try Fixture.detector().detect([Fixture.image(width, height, 0)])[0]
        #expect(
            found.allSatisfy {
                $0.box.x1 >= 0 && $0.box.y1 >= 0 && $0.box.x2 <= Float(width) && $0.box.y2 <= Float(height)
            })
    }

    /// Weights that ran away give no detections, and a loss that is no number, but no trap.
    @Test func weightsThatAreNoNumbers() throws {
        var detector = try Fixture.detector()
        detector.weights["rpn.head.bbox_pred.bias"] = Tensor(repeating: .nan, [12])
        detector.weights["rpn.head.cls_logits.bias"] = Tensor(repeating: .nan, [3])
        #expect(try detector.detect(images) == [[], []])
        #expect(try losses(detector, targets: targets, seed: 1).values["objectness"]?.isNaN == true)
        detector = try Fixture.detector()
        detector.weights["roi_heads.box_predictor.cls_score.bias"] = Tensor(repeating: .nan, [4])
        #expect(try detector.detect(images) == [[], []])
    }
}
