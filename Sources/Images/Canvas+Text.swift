extension Canvas {
    /// Width in pixels of a text at a scale; it is `7 × scale` high.
    public static func textWidth(_ text: String, scale: Int = 1) -> Int {
        max(0, text.unicodeScalars.count * 6 - 1) * scale
    }

    /// Writes printable ASCII in a 5×7 font, left upper corner at (x, y); other characters become `?`.
    public mutating func text(_ text: String, x: Int, y: Int, _ color: RGB, scale: Int = 1, alpha: Double = 1) {
        for (position, scalar) in text.unicodeScalars.enumerated() {
            let glyph = Font.glyph(scalar)
            for column in 0..<5 {
                let bits = UInt8(truncatingIfNeeded: glyph >> UInt64(8 * (4 - column)))
                for row in 0..<7 where bits >> UInt8(row) & 1 == 1 {
                    let left = x + (position * 6 + column) * scale
                    let top = y + row * scale
                    for dy in 0..<scale {
                        for dx in 0..<scale { blend(left + dx, top + dy, color, alpha) }
                    }
                }
            }
        }
    }
}

/// A 5×7 font: five columns a glyph from left to right, the lowest bit on top.
enum Font {
    static func glyph(_ scalar: Unicode.Scalar) -> UInt64 {
        let index = Int(scalar.value) - 32
        return glyphs.indices.contains(index) ? glyphs[index] : glyphs[31]
    }

    private static let glyphs: [UInt64] = [
        0x00_00_00_00_00, 0x00_00_5F_00_00, 0x00_07_00_07_00, 0x14_7F_14_7F_14, 0x24_2A_7F_2A_12, 0x23_13_08_64_62,
        0x36_49_56_20_50, 0x00_08_07_03_00, 0x00_1C_22_41_00, 0x00_41_22_1C_00, 0x2A_1C_7F_1C_2A, 0x08_08_3E_08_08,
        0x00_40_30_00_00, 0x08_08_08_08_08, 0x00_60_60_00_00, 0x20_10_08_04_02,
        // 0 to 9 : ; < = > ? @
        0x3E_51_49_45_3E, 0x00_42_7F_40_00, 0x72_49_49_49_46, 0x21_41_49_4D_33, 0x18_14_12_7F_10, 0x27_45_45_45_39,
        0x3C_4A_49_49_31, 0x41_21_11_09_07, 0x36_49_49_49_36, 0x46_49_49_29_1E, 0x00_00_36_00_00, 0x00_40_34_00_00,
        0x00_08_14_22_41, 0x14_14_14_14_14, 0x00_41_22_14_08, 0x02_01_59_09_06, 0x3E_41_5D_59_4E,
        // A to Z
        0x7C_12_11_12_7C, 0x7F_49_49_49_36, 0x3E_41_41_41_22, 0x7F_41_41_41_3E, 0x7F_49_49_49_41, 0x7F_09_09_09_01,
        0x3E_41_41_51_73, 0x7F_08_08_08_7F, 0x00_41_7F_41_00, 0x20_40_41_3F_01, 0x7F_08_14_22_41, 0x7F_40_40_40_40,
        0x7F_02_1C_02_7F, 0x7F_04_08_10_7F, 0x3E_41_41_41_3E, 0x7F_09_09_09_06, 0x3E_41_51_21_5E, 0x7F_09_19_29_46,
        0x26_49_49_49_32, 0x03_01_7F_01_03, 0x3F_40_40_40_3F, 0x1F_20_40_20_1F, 0x3F_40_38_40_3F, 0x63_14_08_14_63,
        0x03_04_78_04_03, 0x61_59_49_4D_43,
        // [ \ ] ^ _ `
        0x00_7F_41_41_41, 0x02_04_08_10_20, 0x00_41_41_41_7F, 0x04_02_01_02_04, 0x40_40_40_40_40, 0x00_03_07_08_00,
        // a to z
        0x20_54_54_78_40, 0x7F_28_44_44_38, 0x38_44_44_44_28, 0x38_44_44_28_7F, 0x38_54_54_54_18, 0x00_08_7E_09_02,
        0x08_54_54_54_3C, 0x7F_08_04_04_78, 0x00_44_7D_40_00, 0x20_40_40_3D_00, 0x7F_10_28_44_00, 0x00_41_7F_40_00,
        0x7C_04_78_04_78, 0x7C_08_04_04_78, 0x38_44_44_44_38, 0x7C_18_24_24_18, 0x18_24_24_18_7C, 0x7C_08_04_04_08,
        0x48_54_54_54_24, 0x04_04_3F_44_24, 0x3C_40_40_20_7C, 0x1C_20_40_20_1C, 0x3C_40_30_40_3C, 0x44_28_10_28_44,
        0x4C_50_50_50_3C, 0x44_64_54_4C_44,
        // { | } ~
        0x00_08_36_41_00, 0x00_00_77_00_00, 0x00_41_36_08_00, 0x02_01_02_04_02,
    ]
}
