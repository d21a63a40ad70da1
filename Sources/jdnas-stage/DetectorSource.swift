import Archive
import Basics
import Bundles
import CommandKit
import Dataset
import Detection
import DetectorKit
import Foundation
import Training

/// The detector that a command line names: a folder, or one in a bundle.
struct DetectorSource {
    let detector: Detector
    /// In the order of labels.
    let categories: [Dataset.Category]

    static let options = [
        Option("--bundle", value: "FILE", "a job's bundle: the student in it"),
        Option("--detector", value: "DIR", "a detector's folder (architecture.json, weights.safetensors)"),
        Option("--role", value: "ROLE", "with --bundle: student (default) or base"),
    ]

    init(_ arguments: Arguments) throws {
        switch (arguments.value("--bundle"), arguments.value("--detector")) {
        case (let bundle?, nil):
            let role = arguments.value("--role") ?? "student"
            guard ["student", "base"].contains(role) else {
                throw UsageError("a bundle has no '\(role)'", remedy: "give --role student or --role base")
            }
            self = try Self.unpacked(Bundles.Bundle(URL(filePath: bundle)), role)
        case (nil, let folder?):
            guard arguments.value("--role") == nil else {
                throw UsageError("--role goes with --bundle", remedy: "leave it out, or name a bundle")
            }
            try self.init(folder: URL(filePath: folder))
        default:
            throw UsageError("one detector is wanted", remedy: "give either --bundle FILE or --detector DIR")
        }
    }

    /// A folder, or a bundle's student; `FILE:base` is the bundle's base.
    init(named name: String) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue {
            try self.init(folder: URL(filePath: name))
            return
        }
        for role in ["base", "student"] where name.hasSuffix(":\(role)") {
            self = try Self.unpacked(Bundles.Bundle(URL(filePath: String(name.dropLast(role.count + 1)))), role)
            return
        }
        self = try Self.unpacked(Bundles.Bundle(URL(filePath: name)), "student")
    }

    private init(folder: URL) throws {
        detector = try DetectorFiles.read(from: folder, backboneCatalog)
        categories = try DetectorFiles.readCategories(from: folder, count: detector.architecture.classes)
    }

    private static func unpacked(_ bundle: Bundles.Bundle, _ role: String) throws -> DetectorSource {
        let present = Set(try bundle.list().map(\.path))
        // An evaluation's come first; else those of any stage that found one.
        let ending = "\(role)/\(DetectorFiles.architectureName)"
        let found = present.filter { $0 == ending || $0.hasSuffix("/\(ending)") }
            .min { ($0.count, $0) < ($1.count, $1) }
        guard let prefix = found.map({ String($0.dropLast(DetectorFiles.architectureName.count)) }) else {
            throw Failure(
                "the bundle holds no \(role)", at: bundle.url.path,
                remedy: "take the bundle of a job with a search and an evaluation, or give --detector")
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "jdnas-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in [DetectorFiles.architectureName, DetectorFiles.weightsName, DetectorFiles.categoriesName]
        where present.contains(prefix + name) {
            try bundle.data(of: prefix + name).write(to: folder.appending(path: name))
        }
        return try DetectorSource(folder: folder)
    }
}
