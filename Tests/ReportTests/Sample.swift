import Foundation
import Report

/// A page with every section filled, from made-up figures.
enum Sample {
    static func content(picture: Data = Data([0xFF, 0xD8, 0xFF, 0xD9])) -> ReportContent {
        var content = ReportContent(title: "bccd-first")
        content.about = [
            Fact("data", "bccd"), Fact("split", "val: 72 images, 967 objects"), Fact("seed", "7"),
            Fact("finished", "2025-03-02 04:17"),
        ]
        content.notes = ["The AP difference of +0.8 points is within what other images could give (−0.6 to +2.1)."]
        content.base = model(ap: 0.512, latency: 48.3, parameters: 14_211_904, macs: 6_910_000_000, scale: 1)
        content.student = model(ap: 0.520, latency: 33.1, parameters: 9_118_208, macs: 3_940_000_000, scale: 1.02)
        var teacher = ModelFigures()
        teacher.stats = stats(0.541)
        content.teacher = teacher
        content.search = search()
        let steps = (0..<120).map { Double($0) * 10 }
        content.training = [
            CurveChart(
                title: "Training loss of the base", xLabel: "step", yLabel: "loss",
                curves: ["classes", "boxes", "objectness"].enumerated().map { index, name in
                    Curve(name, x: steps, y: steps.map { exp(-$0 / 400) + 0.1 * Double(index + 1) })
                })
        ]
        content.pictures = (0..<2).map { self.picture(picture, $0) }
        content.predictions = [
            LatencyPrediction(name: "base", predicted: 46.1, measured: 48.3),
            LatencyPrediction(name: "student", predicted: 34.9, measured: 33.1),
        ]
        content.latencyMethod = "Whole detector, batch 1, from decoded pixels to boxes; 24 images × 15 rounds."
        content.device = [
            Fact("processor", "AMD EPYC 7B13"), Fact("instruction set", "avx2"), Fact("threads", "2"),
        ]
        content.settings = "job: bccd-first\nseed: 7\nstages:\n  - {name: data, uses: dataset-pack}\n"
        return content
    }

    static func stats(_ ap: Double) -> [Double] {
        [ap, ap + 0.31, ap + 0.04, -1, ap - 0.1, ap + 0.03, 0.31, 0.52, 0.6, -1, 0.5, 0.62]
    }

    private static func model(ap: Double, latency: Double, parameters: Int, macs: Int, scale: Double) -> ModelFigures {
        var model = ModelFigures()
        model.architecture = "resnet 18, basic blocks [2, 2, 2, 2], neck 128, 320×240"
        model.stats = stats(ap)
        model.classes = [("Platelets", 76, 0.35), ("RBC", 819, 0.55), ("WBC", 72, 0.67)].map { name, objects, ap in
            ClassFigures(
                name: name, objects: objects, averagePrecision: ap * scale, averagePrecision50: ap + 0.25,
                curves: [(0.5, 3.0), (0.75, 1.2)].map { iou, power in
                    RecallCurve(
                        iou: iou, precision: (0...100).map { max(0, 1 - pow(Double($0) / 100, power * scale)) })
                })
        }
        let kinds = [
            ("class", "wrong class", 21.0),
            ("place", "IoU between 0.1 and 0.5", 55), ("twice", "object already found", 34),
            ("background", "no object there", 88), ("missed", "object without a detection", 66),
        ]
        model.errors = kinds.map {
            ErrorKind(name: $0, explanation: $1, count: Int($2 * (3 - 2 * scale)), cost: $2 / 2000)
        }
        model.found = Int(812 * scale)
        model.parameters = parameters
        model.macs = macs
        model.latency = MeasuredLatency(median: latency, p95: latency * 1.15, count: 360)
        return model
    }

    private static func search() -> SearchFigures {
        let actions = ["prune channels", "remove block", "add block", "teacher", "neck width"]
        let candidates = (1...40).map { number -> CandidateFigures in
            let wave = Double(number * 7919 % 97) / 97
            let onFront = [9, 17, 25, 33, 38].contains(number)
            let latency = onFront ? 46 - Double(number) * 0.36 : 48 - Double(number) * 0.3 - wave * 4
            return CandidateFigures(
                id: "c\(number)", parent: number > 8 ? "c\(number - 8)" : nil, generation: (number - 1) / 8 + 1,
                action: actions[number % 5], detail: "stage \(number % 4 + 1): 128 → \(128 - number)",
                averagePrecision: (onFront ? 0.519 : 0.485 + wave * 0.02) - Double(number) * 0.0004,
                latency: latency, outcome: onFront || number % 3 == 0 ? .accepted : .rejected,
                onFront: onFront)
        }
        var search = SearchFigures(mode: "joint", split: "search", candidates: candidates)
        search.base = SearchPoint(averagePrecision: 0.505, latency: 46.1)
        search.student = "c33"
        search.finished = SearchPoint(averagePrecision: 0.514, latency: 34.1)
        search.finalists = [
            FinalistFigures(id: "c33", before: 0.503, after: 0.514, share: 1, isStudent: true),
            FinalistFigures(id: "c25", before: 0.505, after: 0.498, share: 0.5, isStudent: false),
        ]
        search.refused = 3
        search.duplicates = 2
        search.notes = ["generation 6 has no candidates"]
        search.baseTrainings = 3.24
        search.moves = [
            MoveFigures(name: "prune", pulls: 21, reward: 0.31), MoveFigures(name: "widen", pulls: 7, reward: 0.05),
        ]
        search.latencyTarget = 36
        return search
    }

    private static func picture(_ jpeg: Data, _ number: Int) -> MarkedPicture {
        let truth = MarkedBox(x: 40, y: 60, width: 120, height: 130, label: "WBC", kind: .truth)
        let hit = MarkedBox(x: 44, y: 58, width: 118, height: 130, label: "WBC", score: 0.97, kind: .hit)
        let wrong = MarkedBox(x: 400, y: 260, width: 110, height: 100, label: "RBC", score: 0.61, kind: .wrong)
        let missed = MarkedBox(x: 500, y: 40, width: 40, height: 44, label: "Platelets", kind: .missed)
        return MarkedPicture(
            caption: "BloodImage_0000\(number).jpg", jpeg: jpeg, width: 640, height: 480,
            panels: [
                .init(
                    title: "ground truth",
                    boxes: [truth, MarkedBox(x: 500, y: 40, width: 40, height: 44, label: "Platelets", kind: .truth)]),
                .init(title: "base", boxes: [hit, wrong, missed]), .init(title: "student", boxes: [hit, missed]),
            ])
    }
}
