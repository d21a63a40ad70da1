import Glibc

extension DetectorPass {
    /// The pyramid level, from 0, that a region is cut from: a region of 224 pixels' side belongs to the third
    /// (equation 1 of Lin et al. 2017), half of that to the one before.
    public static func regionLevel(of box: Box) -> Int {
        let level = (4 + log2f(box.area.squareRoot() / 224) + 1e-6).rounded(.down)
        // A region without area has −∞ here.
        return Int(min(max(level, 2), 5)) - 2
    }
}
