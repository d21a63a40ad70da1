import Foundation
import Images
import TestSupport
import Testing

@Suite struct CanvasTests {
    private func ink(_ draw: (inout Canvas) -> Void) -> (sum: Double, left: Int, top: Int, right: Int, bottom: Int) {
        var canvas = Canvas(RGBImage(width: 64, height: 48))
        draw(&canvas)
        var sum = 0.0
        var (left, top, right, bottom) = (Int.max, Int.max, -1, -1)
        for y in 0..<48 {
            for x in 0..<64 where canvas.image[x, y].red > 0 {
                sum += Double(canvas.image[x, y].red) / 255
                (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
            }
        }
        return (sum, left, top, right, bottom)
    }

    @Test func areasAreRight() {
        let ellipse = ink { $0.fillEllipse(center: (30, 20), radii: (12, 7), angle: 0.6, .white) }
        #expect(abs(ellipse.sum - .pi * 12 * 7) < 2)
        let circle = ink { $0.fillEllipse(center: (30, 20), radii: (3, 3), .white) }
        #expect(abs(circle.sum - .pi * 9) < 1)
        let triangle = ink { $0.fillPolygon([(10, 10), (40, 10), (10, 40)], .white) }
        #expect(abs(triangle.sum - 450) < 2)
        let box = ink { $0.fillRectangle(10.25, 10, 20, 20.5, .white) }
        #expect(abs(box.sum - 9.75 * 10.5) < 0.1)
        let line = ink { $0.line(from: (10, 10), to: (50, 30), .white, width: 3) }
        #expect(abs(line.sum - (hypot(40, 20) * 3 + .pi * 2.25)) < 3)
    }

    @Test func outlineStaysInsideItsRectangle() {
        let outline = ink { $0.rectangle(5, 6, 20, 18, .white, width: 2) }
        #expect(outline.sum == Double(15 * 12 - 11 * 8))
        #expect((outline.left, outline.top, outline.right, outline.bottom) == (5, 6, 19, 17))
    }

    @Test func whatLiesOutsideIsCutOff() {
        let all = ink { canvas in
            canvas.fillRectangle(-100, -100, 1e9, 1e9, .white)
            canvas.fillEllipse(center: (-50, 1000), radii: (20, 20), .white)
            canvas.line(from: (-1e6, 5), to: (1e6, 5), .white)
            canvas.fillPolygon([(-1e5, -1e5), (1e5, -1e5), (0, 1e5)], .white)
            canvas.text("far away", x: -500, y: 9000, .white)
        }
        #expect(all.sum == 64 * 48)
    }

    @Test func textHasItsWidth() {
        let text = ink { $0.text("Hj|", x: 2, y: 3, .white, scale: 2) }
        #expect(Canvas.textWidth("Hj|", scale: 2) == 34)
        #expect((text.left, text.top) == (2, 3))
        #expect(ink { $0.text("é", x: 0, y: 0, .white) }.sum == ink { $0.text("?", x: 0, y: 0, .white) }.sum)
    }
}
