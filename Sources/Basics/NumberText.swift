import Foundation

/// A number with one decimal, for people: `12.3`.
public func tenths(_ value: Double) -> String { String(format: "%.1f", value) }
