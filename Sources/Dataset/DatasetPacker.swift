import Basics
public import Foundation

/// Packs a data set in COCO layout into shards and an index that `PackedDataset` reads.
///
/// Every picture is decoded once on the way, so that a damaged one is found now and not in the middle of a training;
/// its bytes are packed as they are. `progress` gets the part that is done and a line; it may throw to stop.
@discardableResult public func packDataset(
    root: URL, to output: URL, options: PackOptions = PackOptions(),
    progress: (Double, String) throws -> Void = { _, _ in }
) throws -> PackReport {
    var problems: [AnnotationProblem] = []
    let train = try COCOFile(parsing: annotationFile(root, options.train), classes: options.classes)
    let val = try COCOFile(parsing: annotationFile(root, options.val), classes: options.classes)
    try checkSameClasses(train, val)
    problems += train.problems + val.problems
    let trainEntries = present(train.images, in: root.appending(path: options.train), &problems)
    let valEntries = present(val.images, in: root.appending(path: options.val), &problems)
    try refuseIfAsked(problems, root, options)

    let (kept, heldOut) = holdOut(trainEntries, options)
    let plan = [
        (SplitName.train, options.train, kept), (SplitName.search, options.train, heldOut),
        (SplitName.val, options.val, valEntries),
    ]
    let shardFolder = output.appending(path: "shards")
    try FileManager.default.createDirectory(at: shardFolder, withIntermediateDirectories: true)
    var index = DatasetIndex(categories: train.categories)
    let total = plan.reduce(0) { $0 + $1.2.count }
    var done = 0
    for (name, folder, entries) in plan {
        var packer = SplitPacker(name: name, shards: shardFolder, options: options, firstShard: index.shards.count)
        let startedAt = done
        try packer.pack(entries, from: root.appending(path: folder), categories: train.categories) { count in
            done = startedAt + count
            try progress(Double(done) / Double(max(1, total)), "\(name): \(count) of \(entries.count) pictures")
        }
        problems += packer.problems
        index.shards += packer.shards
        index.splits[name] = packer.records
    }
    try refuseIfAsked(problems, root, options)
    for (name, folder) in [(SplitName.train, options.train), (SplitName.val, options.val)]
    where index.splits[name]?.isEmpty ?? true {
        throw Failure("no usable picture is left", at: root.appending(path: folder).path, remedy: "check the data set")
    }
    try DurableFile.write(Data(index.text.utf8), to: output.appending(path: "index.json"))
    return PackReport(index: index, skipped: problems, beyondCount: train.beyondCount + val.beyondCount)
}

private func annotationFile(_ root: URL, _ folder: String) -> URL {
    root.appending(path: "annotations/instances_\(folder).json")
}

private func checkSameClasses(_ train: COCOFile, _ val: COCOFile) throws {
    guard train.categories != val.categories else { return }
    let trainSet = Set(train.categories.categories.map { "\($0.id) \($0.name)" })
    let valSet = Set(val.categories.categories.map { "\($0.id) \($0.name)" })
    let odd = trainSet.symmetricDifference(valSet).sorted().prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    throw Failure(
        "its classes are not those of \(train.file): \(odd) only in one of them", at: val.file,
        remedy: "give both files the same categories")
}

/// The entries whose picture file is there; the others become problems.
private func present(
    _ entries: [COCOFile.Entry], in folder: URL, _ problems: inout [AnnotationProblem]
) -> [COCOFile.Entry] {
    entries.filter { entry in
        let path = folder.appending(path: entry.image.fileName).path
        if FileManager.default.isReadableFile(atPath: path) { return true }
        problems.append(
            AnnotationProblem(place: entry.place, what: "\(entry.name): there is no readable picture file \(path)"))
        return false
    }
}

private func refuseIfAsked(_ problems: [AnnotationProblem], _ root: URL, _ options: PackOptions) throws {
    if options.onBadAnnotation == .refuse, !problems.isEmpty {
        throw AnnotationProblem.failure(problems, file: root.path)
    }
}

/// Splits train by a seeded permutation.
private func holdOut(
    _ entries: [COCOFile.Entry], _ options: PackOptions
) -> (kept: [COCOFile.Entry], heldOut: [COCOFile.Entry]) {
    let count = options.heldOut(of: entries.count)
    guard count > 0 else { return (entries, []) }
    var random = RandomStream(seed: options.splitSeed).stream("search-split")
    let chosen = Set(random.permutation(entries.count).prefix(count))
    return (
        entries.indices.filter { !chosen.contains($0) }.map { entries[$0] },
        entries.indices.filter { chosen.contains($0) }.map { entries[$0] }
    )
}
