import Archive
import Basics
import Dispatch
import Foundation
import Images
import Synchronization

/// Writes the shards of one split in WebDataset's naming: `<key>.jpg` or `.png`, and `<key>.json` with its objects.
struct SplitPacker {
    let name: String
    let folder: URL
    let options: PackOptions
    /// The number of shards that the splits before this one have.
    let firstShard: Int
    private(set) var shards: [DatasetIndex.Shard] = []
    private(set) var records: [DatasetRecord] = []
    private(set) var problems: [AnnotationProblem] = []
    private var writer: TarShardWriter?

    init(name: String, shards folder: URL, options: PackOptions, firstShard: Int) {
        self.name = name
        self.folder = folder
        self.options = options
        self.firstShard = firstShard
    }

    /// Packs pictures in their order; `progress` gets the number of those that are done.
    mutating func pack(
        _ entries: [COCOFile.Entry], from pictures: URL, categories: CategoryTable, progress: (Int) throws -> Void
    ) throws {
        let lanes = max(1, options.threads)
        var start = 0
        while start < entries.count {
            let batch = entries[start..<min(start + 16 * lanes, entries.count)]
            let checked = decodeAll(Array(batch), from: pictures, lanes: lanes)
            for (entry, result) in zip(batch, checked) {
                switch result {
                case .failure(let problem): problems.append(problem)
                case .success(let picture): try append(entry, picture, categories)
                }
            }
            start = batch.endIndex
            try progress(start)
        }
        try finishShard()
    }

    private struct Picture {
        var data: Data
        var format: ImageFormat
    }

    private enum Checked {
        case success(Picture)
        case failure(AnnotationProblem)
    }

    /// Reads and decodes pictures, several at a time.
    private func decodeAll(_ entries: [COCOFile.Entry], from pictures: URL, lanes: Int) -> [Checked] {
        let results = Mutex([Checked?](repeating: nil, count: entries.count))
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(lanes, entries.count)) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < entries.count else { return }
                let result = Self.check(entries[index], from: pictures)
                results.withLock { $0[index] = result }
            }
        }
        return results.withLock { $0.compactMap { $0 } }
    }

    private static func check(_ entry: COCOFile.Entry, from pictures: URL) -> Checked {
        let path = pictures.appending(path: entry.image.fileName)
        func problem(_ what: String) -> Checked {
            .failure(AnnotationProblem(place: entry.place, what: "\(entry.name): \(path.path): \(what)"))
        }
        do {
            let data = try Data(contentsOf: path)
            let image = try decodeImage(data, place: path.path)
            guard image.width == entry.image.width, image.height == entry.image.height else {
                return problem(
                    "the picture has \(image.width)×\(image.height) pixels, "
                        + "the annotation file says \(entry.image.width)×\(entry.image.height)")
            }
            return .success(Picture(data: data, format: try imageHeader(of: data, place: path.path).format))
        } catch let failure as Failure {
            return problem(failure.what)
        } catch {
            return problem("cannot be read")
        }
    }

    private mutating func append(_ entry: COCOFile.Entry, _ picture: Picture, _ categories: CategoryTable) throws {
        if let writer, writer.byteCount >= options.shardBytes { try finishShard() }
        let current = try writer ?? TarShardWriter(folder.appending(path: shardName))
        writer = current
        let key = Self.key(entry.image.id)
        var record = DatasetRecord(
            key: key, image: entry.image, shard: firstShard + shards.count, offset: 0, size: picture.data.count,
            annotations: entry.annotations)
        record.offset = try current.append(path: "\(key).\(picture.format.fileExtension)", data: picture.data)
        try current.append(path: "\(key).json", data: Data((record.memberText(categories) + "\n").utf8))
        records.append(record)
    }

    private var shardName: String { "\(name)-\(Self.padded(shards.count, 6)).tar" }

    private mutating func finishShard() throws {
        guard let finished = writer else { return }
        try finished.finish()
        writer = nil
        let file = folder.appending(path: shardName)
        let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int ?? 0
        shards.append(DatasetIndex.Shard(name: shardName, size: size, sha256: try Digest(ofFile: file)))
    }

    /// Unique, sorts like the ids, and holds no dot (WebDataset splits names at the first one).
    private static func key(_ id: Int) -> String {
        let digits = padded(id.magnitude, 12)
        return id < 0 ? "m\(digits)" : digits
    }

    private static func padded(_ value: some BinaryInteger, _ digits: Int) -> String {
        let text = "\(value)"
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
