import Dataset
import Forecasts
import Foundation
import Glibc
public import StageKit

extension DatasetPack {
    public func forecast(_ options: DatasetPackOptions, _ inputs: [Prospect]) throws -> Forecast? {
        var work = Work()
        var (train, val, bytes) = (0, 0, 0.0)
        switch options.source {
        case .synth(let scenes):
            (train, val) = (scenes.train, scenes.val)
            work.add(seconds: 1e-6 * Double(scenes.width * scenes.height * (train + val)))
            // Drawn first and packed then; its noise leaves PNG little to save.
            bytes = 2 * 3 * Double(scenes.width * scenes.height) * Double(train + val)
        case .coco(let folder):
            guard let first = pictures(in: folder, options.pack.train),
                let second = pictures(in: folder, options.pack.val)
            else { return nil }
            (train, val) = (first, second)
            // Reading, decoding and writing a picture of COCO's size.
            work.add(seconds: 0.01 * Double(train + val))
            bytes =
                Double(train) * pictureBytes(in: folder, options.pack.train)
                + Double(val) * pictureBytes(in: folder, options.pack.val)
        }
        let held = options.pack.heldOut(of: train)
        return try work.forecast(
            .dataset(images: [SplitName.train: train - held, SplitName.search: held, SplitName.val: val])
        ).needing(disk: bytes)
    }

    /// Bytes of a split's picture on average, of some of them.
    private func pictureBytes(in folder: String, _ split: String) -> Double {
        let files = FileManager.default.enumerator(
            at: URL(filePath: folder).appending(path: split), includingPropertiesForKeys: [.fileSizeKey])
        let sizes: [Double] =
            files?.lazy.compactMap { try? ($0 as? URL)?.resourceValues(forKeys: [.fileSizeKey]).fileSize }
            .prefix(100).map(Double.init) ?? []
        return sizes.isEmpty ? 0 : sizes.reduce(0, +) / Double(sizes.count)
    }

    /// How many pictures a split's annotation file names: each has one file name there. Parsing COCO's would take a minute.
    private func pictures(in folder: String, _ split: String) -> Int? {
        let file = URL(filePath: folder).appending(path: "annotations/instances_\(split).json")
        guard let data = try? Data(contentsOf: file, options: .mappedIfSafe) else { return nil }
        return data.withUnsafeBytes { Self.occurrences(of: "\"file_name\"", around: "_", in: $0) }
    }

    /// How often `key` stands in text, found by a character that it has once and that is rare: 450 MB take a fraction of a second.
    private static func occurrences(of key: String, around rare: Character, in text: UnsafeRawBufferPointer) -> Int {
        let bytes = Array(key.utf8)
        guard let start = text.baseAddress, let byte = rare.asciiValue, let place = bytes.firstIndex(of: byte) else {
            return 0
        }
        var (count, offset) = (0, 0)
        while offset < text.count, let found = memchr(start + offset, Int32(byte), text.count - offset) {
            let at = start.distance(to: found)
            let first = at - place
            if first >= 0, first + bytes.count <= text.count, memcmp(start + first, bytes, bytes.count) == 0 {
                count += 1
            }
            offset = at + 1
        }
        return count
    }
}
