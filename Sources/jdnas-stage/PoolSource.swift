import Archive
import Basics
import Bundles
import CommandKit
import Dataset
import DetectorKit
import Foundation
import Search
import Training

/// A teacher pool that a command line names: a folder with `pool.json`, or a job's bundle with one.
struct PoolSource {
    let pool: ElasticPool
    /// In the order of labels; nil where they are not told.
    let categories: [Dataset.Category]?
    /// Digest of a choice → milliseconds, as its job predicted them on its own machine.
    let latencies: [String: Double]

    static let operand = "POOL"
    static let options = [Option("--stage", value: "NAME", "of a bundle with several pools: which")]
    static let details = "POOL is a bundle, or a folder with pool.json: the artifact of a teacher-pool stage."

    init(_ arguments: Arguments) throws {
        let name = arguments.operands[0]
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue {
            guard arguments.value("--stage") == nil else {
                throw UsageError("--stage goes with a bundle", remedy: "leave it out")
            }
            let folder = URL(filePath: name).standardizedFileURL
            let receipt = folder.deletingLastPathComponent().appending(path: "receipt.json")
            try self.init(folder: folder, receipt: try? Data(contentsOf: receipt))
            return
        }
        let bundle = Bundles.Bundle(URL(filePath: name))
        let present = Set(try bundle.list().map(\.path))
        let stage = try Self.stage(arguments.value("--stage"), of: present, bundle)
        let folder = FileManager.default.temporaryDirectory.appending(path: "jdnas-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for member in ElasticPool.files + [DetectorFiles.categoriesName]
        where present.contains("\(stage)/\(member)") {
            try bundle.data(of: "\(stage)/\(member)").write(to: folder.appending(path: member))
        }
        let receipt = "receipts/\(stage).json"
        try self.init(folder: folder, receipt: present.contains(receipt) ? bundle.data(of: receipt) : nil)
    }

    private init(folder: URL, receipt: Data?) throws {
        pool = try ElasticPool(from: folder, backboneCatalog)
        let classes = pool.supernet.graph.architecture.classes
        let told = FileManager.default.fileExists(
            atPath: folder.appending(path: DetectorFiles.categoriesName).path)
        categories = told ? try DetectorFiles.readCategories(from: folder, count: classes) : nil
        let teachers = receipt.flatMap { try? JSON(parsing: $0, at: "receipt") }?["summary"]?["teachers"]?.array ?? []
        let known = teachers.compactMap { teacher -> (String, Double)? in
            guard let digest = teacher["digest"]?.string, let latency = teacher["latency_ms"]?.number else {
                return nil
            }
            return (digest, latency)
        }
        latencies = Dictionary(known) { first, _ in first }
    }

    private static func stage(_ wanted: String?, of present: Set<String>, _ bundle: Bundles.Bundle) throws -> String {
        let ending = "/\(ElasticPool.describedIn)"
        // The receipt of a stage 'pool' has that name too.
        let stages = present.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }
            .filter { present.contains("\($0)/\(ElasticPool.weightsIn)") }.sorted()
        guard !stages.isEmpty else {
            throw Failure(
                "the bundle holds no teacher pool", at: bundle.url.path,
                remedy: "take the bundle of a job with a teacher-pool stage")
        }
        if let wanted {
            guard stages.contains(wanted) else {
                throw Failure(
                    "the bundle holds no pool '\(wanted)'", at: bundle.url.path,
                    remedy: "name one of: \(stages.joined(separator: ", "))")
            }
            return wanted
        }
        guard stages.count == 1 else {
            throw Failure(
                "the bundle holds several pools: \(stages.joined(separator: ", "))", at: bundle.url.path,
                remedy: "name one by --stage")
        }
        return stages[0]
    }
}
