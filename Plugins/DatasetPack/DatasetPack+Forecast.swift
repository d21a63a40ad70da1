import Dataset
import Forecasts
import Foundation
import Glibc
public import StageKit

extension DatasetPack {
    public func forecast(_ options: DatasetPackOptions, _ inputs: [Prospect]) throws -> Forecast? {
        var work = Work()
        var (train, val) = (0, 0)
        switch options.source {
        case .synth(let scenes):
            (train, val) = (scenes.train, scenes.val)
            work.add(seconds: 1e-6 * Double(scenes.width * scenes.height * (train + val)))
        case .coco(let folder):
            guard let first = pictures(in: folder, options.pack.train),
                let second = pictures(in: folder, options.pack.val)
            else { return nil }
            (train, val) = (first, second)
            // Reading, decoding and writing a picture of COCO's size.
            work.add(seconds: 0.01 * Double(train + val))
        }
        let held = Int(options.pack.searchFraction * Double(train))
        return try work.forecast(
            .dataset(images: [SplitName.train: train - held, SplitName.search: held, SplitName.val: val]))
    }

    /// How many pictures a split's annotation file names: each has one file name there. Parsing COCO's would take a minute.
    private func pictures(in folder: String, _ split: String) -> Int? {
        let file = URL(filePath: folder).appending(path: "annotations/instances_\(split).json")
        guard let data = try? Data(contentsOf: file, options: .mappedIfSafe) else { return nil }
        return data.withUnsafeBytes { bytes in
            var (count, rest) = (0, bytes[...])
            let key = Array("\"file_name\"".utf8)
            while let start = rest.baseAddress, let found = memmem(start, rest.count, key, key.count) {
                count += 1
                rest = rest.dropFirst(start.distance(to: found) + key.count)
            }
            return count
        }
    }
}
