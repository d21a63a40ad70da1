/// A number of bytes as people read it: `512 bytes`, `1.5 MiB`, `20 GiB`.
public func byteText(_ bytes: Int) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]
    guard abs(bytes) >= 1024 else { return "\(bytes) bytes" }
    var value = Double(bytes) / 1024
    var unit = 0
    while value >= 1023.95, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    let tenths = (value * 10).rounded() / 10
    return tenths >= 10 || tenths == tenths.rounded()
        ? "\(Int(tenths.rounded())) \(units[unit])" : "\(tenths) \(units[unit])"
}
