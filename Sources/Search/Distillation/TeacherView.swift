import Detection
public import DetectorKit
public import Tensor
public import Training

/// A teacher at work on a batch, without gradients.
public final class TeacherView {
    let pass: DetectorPass
    let images: ImageBatch
    let pyramid: FeaturePyramid

    /// Runs the teacher on the images that the student sees, at the teacher's own input size.
    public convenience init(_ graph: DetectorGraph, weights: NamedTensors, batch: SampleBatch) throws {
        let pass = DetectorPass(graph, weights: weights, tape: Tape(recording: false), mode: .inference)
        let images = batch.resized(to: graph.architecture.input)
        self.init(pass: pass, images: images, pyramid: try pass.features(images))
    }

    /// A teacher whose features are known, as those of the largest network in a supernet's step.
    init(pass: DetectorPass, images: ImageBatch, pyramid: FeaturePyramid) {
        self.pass = pass
        self.images = images
        self.pyramid = pyramid
    }

    /// What the teacher's box head says of the student's regions. Offsets come in units of the regions' sides, so they
    /// hold at the student's size too.
    func answers(_ regions: [[Box]], sizes: [ImageSize]) throws -> RegionAnswers {
        try pass.boxHead(
            pyramid,
            regions.enumerated().map { image, boxes in
                boxes.map { $0.scaled(from: sizes[image], to: images.sizes[image]) }
            })
    }

    /// Boxes where the teacher is rather sure of an object, in the student's pixels.
    func objects(sizes: [ImageSize]) -> [[Box]] {
        sureProposals.enumerated().map { image, boxes in
            boxes.map { $0.scaled(from: images.sizes[image], to: sizes[image]) }
        }
    }

    private lazy var sureProposals = pass.proposals(pyramid).map { proposals in
        proposals.filter { $0.score >= 0.5 }.map(\.box)
    }
}
