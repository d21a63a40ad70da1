import Basics
public import Foundation
import Tensor

extension SafeTensors {
    /// Reads a file's bytes; `place` names it in errors.
    public init(parsing data: Data, at place: String) throws {
        let length = try SafeTensorsHeader.length(data.prefix(8), fileSize: data.count, at: place)
        let text = data.subdata(in: data.startIndex + 8..<data.startIndex + 8 + length)
        let header = try SafeTensorsHeader(text, fileSize: data.count, at: place)
        self.init([:], metadata: header.metadata)
        try data.withUnsafeBytes { bytes in
            for (name, entry) in header.entries {
                guard entry.element.isFloating else {
                    throw SafeTensorsHeader.refusal(
                        SafeTensorsEntry.unreadable(entry.element.rawValue), name, at: place)
                }
                let own = UnsafeRawBufferPointer(rebasing: bytes[header.start...].dropFirst(entry.range.lowerBound))
                tensors[name] = Tensor(entry.shape) { entry.element.decode(own, into: $0) }
            }
        }
    }
}
