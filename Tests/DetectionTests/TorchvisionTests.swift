import Basics
import Detection
import DetectorKit
import Tensor
import Testing

/// Everything here is compared with torchvision's numbers.
@Suite struct TorchvisionTests {
    @Test func boxCoding() throws {
        let json = try Fixture.json("geometry")
        let boxes = try #require(json["boxes"]).boxes
        let references = try #require(json["references"]).boxes
        let deltas = try #require(json["deltas"]?.array).flatMap(\.floats)
        for (coder, coding) in zip([BoxCoder.anchors, .regions], try #require(json["coding"]?.array)) {
            #expect(coding["weights"]?.floats == (0..<4).map { coder.weights[$0] })
            let offsets = try #require(coding["offsets"]?.array).flatMap(\.floats)
            let decoded = try #require(coding["decoded"]).boxes
            let found = coder.encode(boxes, from: references)
            #expect(found.count == offsets.count && zip(found, offsets).allSatisfy { abs($0 - $1) < 1e-4 })
            let again = coder.decode(deltas, from: references)
            #expect(again.count == decoded.count && zip(again, decoded).allSatisfy { distance($0, $1) < 1e-3 })
        }
    }

    @Test func matching() throws {
        let json = try Fixture.json("geometry")
        let targets = try #require(json["targets"]).boxes
        let candidates = try #require(json["candidates"]).boxes
        let anchors = BoxMatcher(positiveOverlap: 0.7, negativeOverlap: 0.3, keepsBestOfEachTarget: true)
        #expect(anchors.match(candidates, to: targets).map { Int($0) } == json["anchor_matches"]?.integers)
        let regions = BoxMatcher(positiveOverlap: 0.5, negativeOverlap: 0.5, keepsBestOfEachTarget: false)
        #expect(regions.match(candidates, to: targets).map { Int($0) } == json["region_matches"]?.integers)
    }

    @Test func transform() throws {
        let json = try Fixture.json("detector")
        let expected = try #require(json["transform"])
        let batch = try Fixture.detector().transform.batch(Fixture.images(json))
        #expect(batch.sizes.map { [$0.height, $0.width] } == expected["sizes"]?.array?.map(\.integers))
        let (height, width) = (batch.paddedSize.height, batch.paddedSize.width)
        #expect([height, width] == expected["padded"]?.integers)
        let pixels = batch.pixels.array
        let values = try #require(expected["values"]).floats
        for (point, value) in zip(try #require(expected["points"]?.array).map(\.integers), values) {
            let found = pixels[((point[0] * 3 + point[1]) * height + point[2]) * width + point[3]]
            #expect(abs(found - value) < 2e-5, "at \(point)")
        }
    }

    /// The four levels of a pyramid, and which region is cut from which.
    @Test func regionsOfAPyramid() throws {
        let json = try Fixture.json("regions")
        let boxes = try #require(json["boxes"]?.array).map(\.boxes)
        #expect(boxes[0].map { DetectorPass.regionLevel(of: $0) } == [0, 0, 1, 1, 2, 2])
        let tape = Tape(recording: false)
        let pyramid = FeaturePyramid(
            levels: (0..<4).map { tape.constant(Fixture.features(level: $0)) }, objectness: [], deltas: [],
            anchors: AnchorGrid(.init(sizes: [], ratios: []), grids: [], padded: ImageSize(width: 512, height: 384)),
            sizes: [])
        let detector = try Fixture.detector()
        let pass = DetectorPass(detector.graph, weights: detector.weights, tape: tape, mode: .inference)
        let found = pass.regionFeatures(pyramid, boxes).value.array
        let expected = try #require(json["features"]?.array).flatMap(\.floats)
        #expect(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func proposals() throws {
        let json = try Fixture.json("detector")
        let detector = try Fixture.detector()
        let pass = DetectorPass(
            detector.graph, weights: detector.weights, tape: Tape(recording: false), mode: .inference)
        let found = pass.proposals(try pass.features(detector.transform.batch(Fixture.images(json))))
        let expected = try #require(json["proposals"]?.array).map(\.boxes)
        for (found, expected) in zip(found, expected) {
            #expect(found.count == expected.count)
            #expect(zip(found, expected).allSatisfy { distance($0.box, $1) < 0.02 })
        }
    }

    @Test func detections() throws {
        let json = try Fixture.json("detector")
        let found = try Fixture.detector().detect(Fixture.images(json))
        let expected = try #require(json["detections"]?.array)
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
            let boxes = try #require(expected["boxes"]).boxes
            let scores = try #require(expected["scores"]).floats
            let labels = try #require(expected["labels"]).integers
            #expect(found.count == boxes.count)
            for (index, object) in found.enumerated() {
                #expect(distance(object.box, boxes[index]) < 0.02)
                #expect(abs(object.score - scores[index]) < 1e-4)
                #expect(object.label == labels[index])
            }
        }
    }

    /// The draws take every candidate, so that nothing is left to chance.
    @Test func lossesAndGradients() throws {
        let json = try Fixture.json("detector")
        let detector = try Fixture.detector()
        let tape = Tape(recording: true)
        let pass = DetectorPass(detector.graph, weights: detector.weights, tape: tape, mode: .training)
        var settings = TrainingSettings()
        settings.anchors.count = 1_000_000
        settings.regions.count = 1_000_000
        let losses = try pass.trainingLosses(
            images: Fixture.images(json), targets: Fixture.targets(json), settings: settings,
            random: RandomStream(seed: 0))
        let names = [
            "objectness": "loss_objectness", "proposal_box": "loss_rpn_box_reg", "classification": "loss_classifier",
            "box": "loss_box_reg",
        ]
        for (name, value) in losses.values {
            let expected = try #require(names[name].flatMap { json["losses"]?[$0]?.number })
            #expect(abs(value - expected) < 1e-4 * max(1, expected), "\(name)")
        }

        let gradients = tape.gradients(of: losses.total)
        let norms = try #require(json["gradient_norms"]?.object)
        #expect(gradients.keys.sorted() == norms.keys.sorted())
        for (name, norm) in norms {
            let found = try #require(gradients[name]).array.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            let expected = try #require(norm.number)
            #expect(abs(found - expected) < 1e-3 * expected, "\(name): \(found), not \(expected)")
        }
        for (name, expected) in try Fixture.tensors("gradients") {
            let found = try #require(gradients[name])
            #expect(found.shape == expected.shape)
            let largest = expected.array.map { abs($0) }.max() ?? 0
            let error = zip(found.array, expected.array).map { abs($0 - $1) }.max() ?? 0
            #expect(error < 1e-3 * largest, "\(name): \(error) of \(largest)")
        }
    }
}
