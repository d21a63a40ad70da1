import Dataset
import Foundation
import Images

/// Draws the first pictures of train with their boxes, side by side: what people look at before a night of training.
func writePreview(of dataset: PackedDataset, to file: URL) throws {
    let split = try dataset.split(SplitName.train)
    let shown = (0..<min(6, split.count)).sorted {
        // Pictures that show something first.
        let (a, b) = (split.records[$0].objects.isEmpty, split.records[$1].objects.isEmpty)
        return a == b ? $0 < $1 : b
    }
    let (cell, columns) = ((width: 400, height: 300), min(3, max(1, shown.count)))
    let rows = (shown.count + columns - 1) / columns
    var canvas = Canvas(
        RGBImage(width: columns * cell.width, height: rows * cell.height + 16, fill: RGB(24, 24, 28)))
    for (place, index) in shown.enumerated() {
        let image = try split.image(index)
        let scale = min(Double(cell.width) / Double(image.width), Double(cell.height) / Double(image.height))
        let left = Double(place % columns * cell.width) + (Double(cell.width) - Double(image.width) * scale) / 2
        let top = Double(place / columns * cell.height) + (Double(cell.height) - Double(image.height) * scale) / 2
        for y in 0..<Int(Double(image.height) * scale) {
            for x in 0..<Int(Double(image.width) * scale) {
                let color = image[
                    min(image.width - 1, Int(Double(x) / scale)), min(image.height - 1, Int(Double(y) / scale))]
                canvas.blend(Int(left) + x, Int(top) + y, color, 1)
            }
        }
        for object in split.records[index].objects {
            let box = object.box
            canvas.rectangle(
                left + Double(box.x1) * scale, top + Double(box.y1) * scale, left + Double(box.x2) * scale,
                top + Double(box.y2) * scale, color(object.label), width: 1.5)
        }
    }
    drawLegend(dataset.categories, on: &canvas)
    try encodePNG(canvas.image).write(to: file)
}

private func color(_ label: Int) -> RGB { RGB.palette[(label - 1) % RGB.palette.count] }

/// The classes' names in their colours, as many as there is room for.
private func drawLegend(_ categories: [Dataset.Category], on canvas: inout Canvas) {
    var x = 6
    let y = canvas.image.height - 12
    for category in categories {
        let width = Canvas.textWidth(category.name)
        guard x + width + 12 < canvas.image.width else { return }
        canvas.fillRectangle(Double(x), Double(y), Double(x + 7), Double(y + 7), color(category.label))
        canvas.text(category.name, x: x + 11, y: y, RGB(230, 230, 230))
        x += width + 24
    }
}
