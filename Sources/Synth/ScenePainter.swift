import Basics
import Dataset
import Glibc

typealias Color = (Double, Double, Double)

/// Paints one scene, from the background to the noise of the camera.
struct ScenePainter {
    var field: Field
    private var random: RandomStream
    /// Pixels of a red cell's radius.
    private let cell: Double
    private let tone: Tone
    private var objects: [Placed] = []
    /// The topmost object of each pixel; -1 for none.
    private var top: [Int32]

    private struct Placed {
        var kind: SmearClass
        /// Points on a ring form's ring: with few of them to be seen it is a red cell to any eye.
        var marks: [(x: Double, y: Double)] = []
        var area = 0
        var left = Int.max
        var top = Int.max
        var right = -1
        var bottom = -1
    }

    /// The colours of one slide: stains and lamps differ.
    private struct Tone {
        var ground: Color
        var red: Color
        var cytoplasm: Color
        var nucleus: Color
        var platelet: Color
    }

    init(width: Int, height: Int, random: RandomStream) {
        field = Field(width: width, height: height)
        top = [Int32](repeating: -1, count: width * height)
        var stream = random.stream("slide")
        // At 160 to 192 pixels across a red cell measures about 18, so that a scene holds some fifteen of them.
        cell = min(Double(min(width, height)) * 0.075, 24) * stream.uniform(0.88, 1.12) + 0.5
        func near(_ color: Color, _ spread: Double) -> Color {
            let shift = stream.normal() * spread
            return (
                color.0 + shift + stream.normal() * spread * 0.4, color.1 + shift + stream.normal() * spread * 0.4,
                color.2 + shift + stream.normal() * spread * 0.4
            )
        }
        tone = Tone(
            ground: near((0.90, 0.87, 0.88), 0.025), red: near((0.88, 0.66, 0.66), 0.025),
            cytoplasm: near((0.76, 0.72, 0.86), 0.02), nucleus: near((0.40, 0.22, 0.55), 0.03),
            platelet: near((0.52, 0.38, 0.62), 0.03))
        self.random = random.stream("objects")
    }

    // MARK: Background

    /// Plasma under a lamp that is out of the middle, with faint clouds of stain.
    mutating func paintBackground() {
        let (width, height) = (Double(field.width), Double(field.height))
        let lamp = (x: width * random.uniform(0.2, 0.8), y: height * random.uniform(0.2, 0.8))
        let fall = random.uniform(0.06, 0.2)
        let clouds = (0..<4).map { _ in
            (
                kx: random.normal() * 5 / width, ky: random.normal() * 5 / height, phase: random.uniform(0, 6.28),
                strength: random.uniform(0.004, 0.014)
            )
        }
        for y in 0..<field.height {
            for x in 0..<field.width {
                let (dx, dy) = ((Double(x) - lamp.x) / width, (Double(y) - lamp.y) / width)
                var light = 1.04 - fall * (dx * dx + dy * dy) * 2
                for cloud in clouds {
                    light += cloud.strength * sin(cloud.kx * Double(x) + cloud.ky * Double(y) + cloud.phase)
                }
                let pixel = y * field.width + x
                field.light[pixel * 3] = tone.ground.0 * light
                field.light[pixel * 3 + 1] = tone.ground.1 * light
                field.light[pixel * 3 + 2] = tone.ground.2 * (light * 0.96 + 0.04)
            }
        }
    }

    // MARK: Objects

    /// Red cells first, then what lies on or among them.
    mutating func paintObjects() {
        let room = Double(field.width * field.height) / (cell * cell)
        let redCells = Int(room * random.uniform(0.055, 0.11))
        var taken: [(x: Double, y: Double, radius: Double)] = []
        // Overlapping is common, sitting on one another is not.
        func place(_ radius: Double, gap: Double, _ random: inout RandomStream) -> (x: Double, y: Double)? {
            for _ in 0..<30 {
                let margin = -radius * 0.3
                let x = random.uniform(margin, Double(field.width) - margin)
                let y = random.uniform(margin, Double(field.height) - margin)
                if taken.allSatisfy({ hypot($0.x - x, $0.y - y) > ($0.radius + radius) * gap }) {
                    taken.append((x, y, radius))
                    return (x, y)
                }
            }
            return nil
        }
        let whiteCells = [0, 1, 1, 1, 2][random.index(below: 5)]
        for _ in 0..<whiteCells {
            let radius = cell * random.uniform(1.6, 2.1)
            if let at = place(radius, gap: 1, &random) { pending.append((.whiteCell, at.x, at.y, radius)) }
        }
        for _ in 0..<redCells {
            let radius = cell * random.uniform(0.88, 1.12)
            guard let at = place(radius, gap: random.uniform() < 0.3 ? 0.62 : 0.95, &random) else { continue }
            pending.append((random.uniform() < 0.16 ? .ringForm : .redCell, at.x, at.y, radius))
        }
        for _ in 0..<Int(random.uniform(1, 2 + room * 0.012)) {
            let radius = cell * random.uniform(0.26, 0.4)
            if let at = place(radius, gap: 0.9, &random) { pending.append((.platelet, at.x, at.y, radius)) }
        }
        let rank: [SmearClass: Int] = [.redCell: 0, .ringForm: 0, .whiteCell: 1, .platelet: 2]
        let order = pending.enumerated().sorted {
            (rank[$0.element.kind] ?? 0, $0.offset) < (rank[$1.element.kind] ?? 0, $1.offset)
        }
        for (_, object) in order {
            switch object.kind {
            case .redCell: paintRedCell(object.x, object.y, object.radius, hasRing: false)
            case .ringForm: paintRedCell(object.x, object.y, object.radius, hasRing: true)
            case .whiteCell: paintWhiteCell(object.x, object.y, object.radius)
            case .platelet: paintPlatelet(object.x, object.y, object.radius)
            }
        }
    }

    private var pending: [(kind: SmearClass, x: Double, y: Double, radius: Double)] = []

    private mutating func paintRedCell(_ x: Double, _ y: Double, _ radius: Double, hasRing: Bool) {
        let shape = Shape(x: x, y: y, radius: radius, stretch: 0.25, roughness: 0.05, &random)
        let stain: Color = (tone.red.0 * 1.05, tone.red.1, tone.red.2 * 0.99)
        let depth = random.uniform(0.78, 1)
        let pallor = hasRing ? random.uniform(0.05, 0.25) : random.uniform(0.5, 0.95)
        let ring = hasRing ? ringParts(shape) : nil
        let nucleus = tone.nucleus
        var marks: [(x: Double, y: Double)] = []
        if let ring {
            for eighth in 0..<8 {
                let direction = Double(eighth) * .pi / 4
                marks.append((ring.x + ring.radius * cos(direction), ring.y + ring.radius * sin(direction)))
            }
        }
        paint(.init(kind: hasRing ? .ringForm : .redCell, marks: marks), shape) { field, pixel, at, cover in
            // A disc that is thick near its rim and thin in the middle.
            let rim = exp(-pow((at.radius - 0.86) / 0.16, 2)) * 0.16
            let middle = pallor * exp(-pow(at.radius / 0.47, 2))
            field.stain(pixel, stain, cover * depth * (1 + rim - middle))
        } detail: { field, pixel, x, y in
            guard let ring else { return }
            let distance = hypot(x - ring.x, y - ring.y)
            let line = exp(-pow((distance - ring.radius) / (0.055 * radius + 0.45), 2))
            field.mix(pixel, nucleus, min(1, line * 0.75))
            let dot = hypot(x - ring.dotX, y - ring.dotY)
            field.mix(pixel, nucleus, min(1, max(0, 0.13 * radius + 1 - dot)))
        }
    }

    private mutating func ringParts(
        _ shape: Shape
    ) -> (x: Double, y: Double, radius: Double, dotX: Double, dotY: Double) {
        let radius = min(shape.radii.0, shape.radii.1) * random.uniform(0.3, 0.4)
        let away = random.uniform(0, 0.25) * radius
        let (direction, dot) = (random.uniform(0, 6.28), random.uniform(0, 6.28))
        let (x, y) = (shape.x + away * cos(direction), shape.y + away * sin(direction))
        return (x, y, radius, x + radius * cos(dot), y + radius * sin(dot))
    }

    private mutating func paintWhiteCell(_ x: Double, _ y: Double, _ radius: Double) {
        let shape = Shape(x: x, y: y, radius: radius, stretch: 0.2, roughness: 0.09, &random)
        let lobes = random.index(below: 3) + 2
        let turn = random.uniform(0, 6.28)
        let parts = (0..<lobes).map { lobe in
            let direction = turn + Double(lobe) * (3.9 / Double(lobes)) + random.normal() * 0.15
            let away = radius * random.uniform(0.3, 0.42)
            return Shape(
                x: x + away * cos(direction), y: y + away * sin(direction), radius: radius * random.uniform(0.3, 0.38),
                stretch: 0.5, roughness: 0.12, &random)
        }
        let grain = random.next()
        let (cytoplasm, nucleus) = (tone.cytoplasm, tone.nucleus)
        paint(.init(kind: .whiteCell), shape) { field, pixel, at, cover in
            field.mix(pixel, cytoplasm, cover * (0.82 + 0.1 * at.radius))
        } detail: { field, pixel, x, y in
            let speck = 0.9 + 0.2 * Self.noise(grain, Int(x), Int(y))
            for part in parts {
                let depth = part.locate(x, y).depth
                if depth > -0.5 {
                    field.mix(pixel, (nucleus.0 * speck, nucleus.1 * speck, nucleus.2 * speck), min(1, depth + 0.5))
                }
            }
        }
    }

    private mutating func paintPlatelet(_ x: Double, _ y: Double, _ radius: Double) {
        let shape = Shape(x: x, y: y, radius: radius, stretch: 0.5, roughness: 0.22, &random)
        let grain = random.next()
        let color = tone.platelet
        paint(.init(kind: .platelet), shape) { field, pixel, at, cover in
            let dark = 0.62 + 0.38 * exp(-at.radius * at.radius)
            field.mix(pixel, color, cover * dark * (0.75 + 0.25 * Self.noise(grain, pixel, 0)))
        } detail: { _, _, _, _ in
        }
    }

    /// Paints a shape pixel by pixel, and keeps what it covers. The detail is painted where the shape covers fully.
    private mutating func paint(
        _ object: Placed, _ shape: Shape,
        fill: (inout Field, Int, (radius: Double, depth: Double), Double) -> Void,
        detail: (inout Field, Int, Double, Double) -> Void
    ) {
        var object = object
        let number = Int32(objects.count)
        let reach = shape.reach
        let rows = max(0, Int(shape.y - reach))...max(0, min(field.height - 1, Int(shape.y + reach)))
        let columns = max(0, Int(shape.x - reach))...max(0, min(field.width - 1, Int(shape.x + reach)))
        for y in rows {
            for x in columns {
                let (px, py) = (Double(x) + 0.5, Double(y) + 0.5)
                let at = shape.locate(px, py)
                let cover = min(1, max(0, at.depth + 0.5))
                guard cover > 0 else { continue }
                let pixel = y * field.width + x
                fill(&field, pixel, at, cover)
                guard cover >= 0.5 else { continue }
                detail(&field, pixel, px, py)
                top[pixel] = number
                object.area += 1
                object.left = min(object.left, x)
                object.right = max(object.right, x)
                object.top = min(object.top, y)
                object.bottom = max(object.bottom, y)
            }
        }
        objects.append(object)
    }

    // MARK: Camera

    /// The optics' softness, then noise that grows with the light, as a camera's does.
    mutating func finish() {
        field.blur(random.uniform(0.15, 0.45))
        var noise = random.stream("noise")
        let strength = random.uniform(0.008, 0.02)
        for index in field.light.indices {
            field.light[index] += noise.normal() * strength * (0.5 + field.light[index])
        }
    }

    /// Objects that can be told: at least 30 % is seen, and enough of it lies inside the picture.
    func visibleObjects() -> [SmearScene.Object] {
        var seen = [Int](repeating: 0, count: objects.count)
        for number in top where number >= 0 { seen[Int(number)] += 1 }
        return objects.enumerated().compactMap { number, object in
            guard object.area >= 6, object.right - object.left >= 2, object.bottom - object.top >= 2 else { return nil }
            let visible = Double(seen[number]) / Double(object.area)
            guard visible >= 0.3 else { return nil }
            let box = SourceBox(
                x: Double(object.left), y: Double(object.top), width: Double(object.right - object.left + 1),
                height: Double(object.bottom - object.top + 1))
            let kind = isMarkSeen(object, Int32(number)) ? object.kind : .redCell
            return SmearScene.Object(kind: kind, box: box, area: object.area, visible: visible)
        }
    }

    private func isMarkSeen(_ object: Placed, _ number: Int32) -> Bool {
        let seen = object.marks.filter { mark in
            let (x, y) = (Int(mark.x.rounded(.down)), Int(mark.y.rounded(.down)))
            guard x >= 0, y >= 0, x < field.width, y < field.height else { return false }
            return top[y * field.width + x] == number
        }
        return object.marks.isEmpty || seen.count >= 3
    }

    /// A fixed pattern of numbers from 0 to 1.
    private static func noise(_ seed: UInt64, _ x: Int, _ y: Int) -> Double {
        var value = seed ^ (UInt64(bitPattern: Int64(x)) &* 0x9E37_79B9_7F4A_7C15)
        value ^= UInt64(bitPattern: Int64(y)) &* 0xC2B2_AE3D_27D4_EB4F
        value = (value ^ (value >> 29)) &* 0xBF58_476D_1CE4_E5B9
        return Double((value ^ (value >> 32)) & 0xFFFF) / 65535
    }
}
