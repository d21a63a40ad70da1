import COCOMetrics
import Dataset
import Images
import Report

/// All images of a split with what each detector found.
struct Markings {
    let images: [Int]
    let truth: [[GroundTruth.Annotation]]
    /// For each detector, by image.
    let marked: [(role: Role, images: [MarkedImage])]
    let names: [Int: String]

    init(_ assessed: [Assessment], _ truth: GroundTruth, images: [Int], threshold: Double) {
        self.images = images
        let names = Dictionary(truth.categories.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let objects = Dictionary(grouping: truth.annotations, by: \.imageID)
        self.truth = images.map { objects[$0] ?? [] }
        self.names = names
        marked = assessed.filter { [.base, .student].contains($0.role) }.map { assessment in
            let found = Dictionary(grouping: assessment.detections, by: \.imageID)
            return (
                assessment.role,
                images.map {
                    MarkedImage(objects[$0] ?? [], found[$0] ?? [], names: names, threshold: threshold)
                }
            )
        }
    }

    /// Objects found over all images.
    func found(_ role: Role) -> Int? {
        marked.first { $0.role == role }.map { $0.images.reduce(0) { $0 + $1.found } }
    }

    /// Which images to show, with the reason: the student's greatest gains and losses against the base, then images spread
    /// over the split.
    func choice(_ count: Int) -> [(index: Int, reason: String?)] {
        var chosen: [(index: Int, reason: String?)] = []
        func add(_ candidates: some Sequence<Int>, _ limit: Int, _ reason: String?) {
            for index in candidates.prefix(limit) where chosen.count < count {
                if !chosen.contains(where: { $0.index == index }) { chosen.append((index, reason)) }
            }
        }
        if marked.count == 2, count >= 4 {
            let gain = images.indices.map { index in
                let (base, student) = (marked[0].images[index], marked[1].images[index])
                return (student.found - student.wrong) - (base.found - base.wrong)
            }
            let order = images.indices.sorted { (gain[$1], $0) < (gain[$0], $1) }
            add(order.filter { gain[$0] > 0 }, count / 4, "the student does better")
            add(order.filter { gain[$0] < 0 }.reversed(), count / 4, "the student does worse")
        }
        add(spread(count, over: images.count), count, nil)
        add(images.indices, images.count, nil)
        return chosen
    }

    func panels(_ index: Int) -> [MarkedPicture.Panel] {
        let objects = truth[index].map { MarkedBox($0.box, names[$0.categoryID], kind: .truth) }
        return [MarkedPicture.Panel(title: "ground truth, \(objects.count) objects", boxes: objects)]
            + marked.map { role, images in
                let image = images[index]
                return MarkedPicture.Panel(
                    title: "\(role): \(image.found) found, \(image.wrong) wrong, \(image.missed) missed",
                    boxes: image.boxes)
            }
    }
}

extension Evaluate {
    /// The report's pictures, and how many objects each detector found.
    func pictures(
        _ assessed: [Assessment], _ truth: GroundTruth, _ split: DatasetSplit, _ options: EvaluateOptions
    ) throws -> (pictures: [MarkedPicture], markings: Markings) {
        let markings = Markings(
            assessed, truth, images: split.records.map(\.imageID), threshold: options.scoreThreshold)
        let pictures = try markings.choice(options.imagesInReport).map { index, reason in
            let record = split.records[index].image
            let image = try split.image(index).reduced(toSide: 960)
            return MarkedPicture(
                caption: record.fileName + (reason.map { ": \($0)" } ?? ""), jpeg: try encodeJPEG(image, quality: 85),
                width: record.width, height: record.height, panels: markings.panels(index))
        }
        return (pictures, markings)
    }
}

extension RGBImage {
    /// The image, or means over squares of its pixels so that no side is longer than `limit`.
    func reduced(toSide limit: Int) throws -> RGBImage {
        let step = (max(width, height) + limit - 1) / limit
        guard step > 1, width >= step, height >= step else { return self }
        let (columns, rows) = (width / step, height / step)
        var reduced = [UInt8](repeating: 0, count: columns * rows * 3)
        for row in 0..<rows {
            for column in 0..<columns {
                for channel in 0..<3 {
                    var sum = 0
                    for y in row * step..<(row + 1) * step {
                        for x in column * step..<(column + 1) * step {
                            sum += Int(pixels[(y * width + x) * 3 + channel])
                        }
                    }
                    reduced[(row * columns + column) * 3 + channel] = UInt8(sum / (step * step))
                }
            }
        }
        return try RGBImage(width: columns, height: rows, pixels: reduced)
    }
}
