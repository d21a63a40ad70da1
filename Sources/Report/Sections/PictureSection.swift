import Foundation

extension ReportContent {
    /// Images with the ground truth and each detector's boxes, side by side.
    var pictureGallery: Markup {
        guard !pictures.isEmpty else { return .empty }
        let rows = pictures.enumerated().map { index, picture -> Markup in
            let panels = picture.panels.enumerated().map { position, panel in
                self.panel(panel, of: picture, index: index, first: position == 0)
            }
            return """
                <div class="picture"><h3>\(picture.caption)</h3>
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
    private func panel(_ panel: MarkedPicture.Panel, of picture: MarkedPicture, index: Int, first: Bool) -> Markup {
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
            \(panel.boxes.map { Self.box($0, unit: unit) }.joined())
            </svg><figcaption>\(panel.title)</figcaption></figure>
            """
    }

    private static func box(_ box: MarkedBox, unit: Double) -> Markup {
        let score = box.score.map { " " + Figures.fixed($0, 2) } ?? ""
        let tip = "\(box.label)\(score)"
        let letters: Markup =
            box.kind == .missed
            ? ""
            : """
            <text class="tag \(box.kind.rawValue)" x="\(box.x + unit)" y="\(box.y + 9 * unit)" \
            font-size="\(9 * unit)" stroke-width="\(2.2 * unit)">\(tip)</text>
            """
        return """
            <rect class="box \(box.kind.rawValue)" x="\(box.x)" y="\(box.y)" width="\(max(box.width, 0))" \
            height="\(max(box.height, 0))" stroke-width="\(1.6 * unit)"><title>\(tip)</title></rect>\(letters)
            """
    }
}
