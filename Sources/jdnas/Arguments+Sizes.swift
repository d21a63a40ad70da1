import CommandKit
import Manifest

extension Arguments {
    /// A number of bytes with its unit, nil if the option is not there.
    func size(_ option: String) throws -> Int? {
        guard let text = value(option) else { return nil }
        guard let bytes = Quantity.bytes(text) else {
            throw UsageError("'\(option)' must be a size, not '\(text)'", remedy: "write '\(option) 12G', say")
        }
        return bytes
    }
}
