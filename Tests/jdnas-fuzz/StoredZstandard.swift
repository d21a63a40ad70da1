import Basics
import Foundation

/// Zstandard without compression (RFC 8878, 3.1.1): whatever is put in comes out.
enum StoredZstandard {
    /// A frame of blocks that are large, or so small that what they hold is torn.
    static func frame(_ contents: Data, _ random: inout RandomStream) -> Data {
        // The magic number; neither a size of the contents nor a sum of them; a window of 256 KiB.
        var frame = Data([0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x40])
        let size = random.index(below: 2) == 0 ? 128 << 10 : 1 + random.index(below: 2000)
        var rest = contents
        repeat {
            let block = rest.prefix(size)
            rest = rest.dropFirst(size)
            // The last bit says whether it is the last block, two more that it is stored as it is (0).
            let header = block.count << 3 | (rest.isEmpty ? 1 : 0)
            frame.append(contentsOf: [0, 8, 16].map { UInt8(truncatingIfNeeded: header >> $0) })
            frame.append(block)
        } while !rest.isEmpty
        return frame
    }
}
