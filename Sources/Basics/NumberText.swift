import Foundation

/// A number with one decimal, for people: `12.3`.
public func tenths(_ value: Double) -> String { String(format: "%.1f", value) }

/// A number of bytes for people: `812 B`, `4.2 KiB`, `17.0 MiB`, `1.3 GiB`.
public func sizeText(bytes: Int) -> String {
    if bytes < 1024 { return "\(bytes) B" }
    var (value, unit) = (Double(bytes), -1)
    let units = ["KiB", "MiB", "GiB", "TiB"]
    while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
    return "\(tenths(value)) \(units[unit])"
}
