import Foundation
import Pages

extension ReportContent {
    /// Images with the ground truth and each detector's boxes, side by side.
    var pictureGallery: Markup {
        guard !pictures.isEmpty else { return .empty }
        let rows = pictures.enumerated().map { index, picture -> Markup in
            let usual = Self.usualLabel(picture)
            let panels = picture.panels.enumerated().map { position, panel in
                self.panel(panel, of: picture, index: index, first: position == 0, usual: usual)
            }
            return """
                <div class="picture"><h3>\(picture.caption)\(usual.map { "; boxes without a name: \($0)" } ?? "")</h3>
                \(panels.joined().wrapped(in: "grid3 tight"))</div>
                """
        }
        let legend = Legend([
            .init(name: "ground truth", style: "truth", shape: .fill),
            .init(name: "found", style: "hit", shape: .fill),
            .init(name: "wrong", style: "wrong", shape: .fill),
            .init(name: "missed (dashed)", style: "missed", shape: .fill),
        ])
        return section(
            "What it looks like",
            "Detections with a score of at least \(Figures.fixed(pictureThreshold, 2)); found means IoU of at least "
                + "0.5 with an object of the same class.",
            legend.markup + rows.joined())
    }

    /// The first panel carries the image; the others refer to it, so that it is in the file once.
    private func panel(
        _ panel: MarkedPicture.Panel, of picture: MarkedPicture, index: Int, first: Bool, usual: String?
    ) -> Markup {
        let image: Markup
        if first {
            let data = picture.jpeg.base64EncodedString()
            image = """
                <image id="picture-\(index)" width="\(picture.width)" height="\(picture.height)" \
                href="data:image/jpeg;base64,\(data)"/>
                """
        } else {
            image = "<use href=\"#picture-\(index)\"/>"
        }
        // Lines and letters keep their size on the page whatever the image's size is.
        let unit = Double(max(picture.width, 1)) / 320
        return """
            <figure><svg class="photo" viewBox="0 0 \(picture.width) \(picture.height)" role="img" \
            aria-label="\(picture.caption), \(panel.title)">
            \(image)
            \(panel.boxes.map { Self.box($0, unit: unit, usual: usual) }.joined())
            </svg><figcaption>\(panel.title)</figcaption></figure>
            """
    }

    /// In a crowded picture names would hide what they name: the most frequent one is left out.
    private static func usualLabel(_ picture: MarkedPicture) -> String? {
        guard let truth = picture.panels.first?.boxes, truth.count > 8 else { return nil }
        let counts = Dictionary(grouping: truth, by: \.label).mapValues(\.count)
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    private static func box(_ box: MarkedBox, unit: Double, usual: String?) -> Markup {
        let score = box.score.map { " " + Figures.fixed($0, 2) } ?? ""
        let tip = "\(box.label)\(score)"
        let letters: Markup =
            box.kind == .missed || (box.kind != .wrong && box.label == usual)
            ? ""
            : """
            <text class="tag \(box.kind.rawValue)" x="\(box.x + unit)" y="\(box.y + 9 * unit)" \
            font-size="\(9 * unit)" stroke-width="\(2.2 * unit)">\(usual == nil ? tip : box.label)</text>
            """
        return """
            <rect class="box \(box.kind.rawValue)" x="\(box.x)" y="\(box.y)" width="\(max(box.width, 0))" \
            height="\(max(box.height, 0))" stroke-width="\(1.6 * unit)"><title>\(tip)</title></rect>\(letters)
            """
    }
}
