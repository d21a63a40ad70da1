import Glibc
import Images

/// Linear light in three planes' worth of doubles, on which a scene is painted before it becomes 8-bit samples.
struct Field {
    let width: Int
    let height: Int
    /// Height × width × 3, from 0 to 1.
    var light: [Double]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        light = [Double](repeating: 0, count: width * height * 3)
    }

    /// Mixes a colour into a pixel.
    mutating func mix(_ pixel: Int, _ color: (Double, Double, Double), _ alpha: Double) {
        light[pixel * 3] += (color.0 - light[pixel * 3]) * alpha
        light[pixel * 3 + 1] += (color.1 - light[pixel * 3 + 1]) * alpha
        light[pixel * 3 + 2] += (color.2 - light[pixel * 3 + 2]) * alpha
    }

    /// Lets light through a stain: what is below stays visible, as in an overlap of cells.
    mutating func stain(_ pixel: Int, _ color: (Double, Double, Double), _ alpha: Double) {
        light[pixel * 3] *= 1 + (color.0 - 1) * alpha
        light[pixel * 3 + 1] *= 1 + (color.1 - 1) * alpha
        light[pixel * 3 + 2] *= 1 + (color.2 - 1) * alpha
    }

    /// Mixes each pixel with its neighbours, in rows and then in columns: the softness of the optics.
    mutating func blur(_ strength: Double) {
        guard strength > 0 else { return }
        for (step, count, other) in [(3, width, height), (3 * width, height, width)] {
            let line = step == 3 ? 3 * width : 3
            for row in 0..<other {
                for channel in 0..<3 {
                    let start = row * line + channel
                    var before = light[start]
                    for index in 0..<count {
                        let here = light[start + index * step]
                        let after = index + 1 < count ? light[start + (index + 1) * step] : here
                        light[start + index * step] = here * (1 - strength) + (before + after) * strength / 2
                        before = here
                    }
                }
            }
        }
    }

    func image() -> RGBImage {
        var image = RGBImage(width: width, height: height)
        image.pixels = light.map { UInt8((min(1, max(0, $0)) * 255).rounded()) }
        return image
    }
}
