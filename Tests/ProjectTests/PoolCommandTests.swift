import Archive
import Basics
import Bundles
import Dataset
import Detection
import DetectorKit
import Foundation
import ResNet
import Search
import Tensor
import TestSupport
import Testing
import Training

/// `jdnas pool list`, `show` and `extract`.
@Suite struct PoolCommandTests {
    private let folder: TemporaryFolder
    private let pool: ElasticPool
    private let catalog = BackboneCatalog([ResNet()])

    init() throws {
        folder = try TemporaryFolder()
        pool = try Self.pool(.group, catalog)
        try pool.write(to: folder["pool"])
        try DetectorFiles.write([Dataset.Category(id: 7, name: "red cell", label: 1)], to: folder["pool"])
    }

    private static func pool(_ norm: Norm, _ catalog: BackboneCatalog) throws -> ElasticPool {
        let settings = DetectorSettings(
            backbone: "resnet18", norm: norm, normGroups: 16, neckWidth: 32, headWidth: 32,
            input: .init(shorter: 64, longer: 96), anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [1]),
            selection: .init(
                training: .init(beforeNMS: 20, afterNMS: 20), inference: .init(beforeNMS: 20, afterNMS: 20)))
        let graph = try DetectorGraph(settings.architecture(classes: 1, catalog), catalog)
        let space = SearchSpace.below(
            graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1],
            smallerInputs: [.init(shorter: 32, longer: 48)])
        let supernet = try Supernet(graph, space, catalog)
        let card = try [("largest", space.largest), ("smallest", space.smallest)].map { name, choice in
            Teacher(name: name, choice: choice, cost: try supernet.subnet(choice).graph.cost, precision: 0.25)
        }
        return ElasticPool(
            supernet: supernet, weights: graph.network.initialWeights(RandomStream(seed: 4)), card: card,
            cardSplit: "search")
    }

    private func jdnas(_ arguments: String...) throws -> Outcome { try run(arguments, in: folder.url) }

    @Test func teachersAreListed() throws {
        let card = try jdnas("pool", "list", "pool")
        #expect(card.code == 0, "\(card.error)")
        #expect(
            card.output.contains("smallest") && card.output.contains("depth 1-1-1-1, inner 50-50-50-50 %, input 32"))
        let all = try JSON(parsing: Data(try jdnas("pool", "list", "pool", "--all", "--json").output.utf8), at: "all")
        let teachers = try #require(all.array)
        #expect(teachers.count == 2 * 16 * 16 && teachers.count == pool.supernet.space.size)
        #expect(Set(teachers.compactMap { $0["digest"]?.string }).count == teachers.count)
        let macs = teachers.compactMap { $0["macs"]?.number }
        #expect(macs.count == teachers.count && macs == macs.sorted(by: >))
        #expect(teachers.last?["name"]?.string == "smallest" && teachers.last?["ap"]?.number == 0.25)
    }

    @Test func aPoolIsShown() throws {
        let shown = try jdnas("pool", "show", "pool")
        #expect(shown.output.contains("512 teachers, which differ in"))
        #expect(shown.output.contains("stage2.inner  50.0, 100.0 % of the width"))
        #expect(shown.output.contains("input         32x48, 64x96"))
        let one = try jdnas("pool", "show", "pool", "depth 2-1-2-2, inner 100-50-100-100 %, input 64")
        #expect(one.output.contains("1 blocks, trunk 128") && one.output.contains("inner 64"))
        let wrong = try jdnas("pool", "show", "pool", "depth 2-1-2-3")
        #expect(wrong.code == 1 && wrong.error.contains("stage4.depth has no such value"), "\(wrong.error)")
    }

    @Test func aTeacherIsExtracted() throws {
        let digest = try pool.supernet.space.smallest.digest.hex
        for (index, name) in ["smallest", String(digest.prefix(8)), "\(pool.supernet.space.smallest)"].enumerated() {
            let outcome = try jdnas("pool", "extract", "pool", name, "--out", "teacher\(index)")
            #expect(outcome.code == 0, "\(outcome.error)")
            let got = try DetectorFiles.read(from: folder["teacher\(index)"], catalog)
            let (graph, weights) = try pool.teacher(pool.supernet.space.smallest)
            #expect(got.architecture == graph.architecture && got.weights == weights)
            #expect(folder.files().contains("teacher\(index)/categories.json"))
        }
        let again = try jdnas("pool", "extract", "pool", "smallest", "--out", "teacher0")
        #expect(again.code == 1 && again.error.contains("something lies here already"))
    }

    /// A bundle serves as well as a folder, and tells the latencies that were predicted.
    @Test func aBundleHoldsThePool() throws {
        let digest = try pool.supernet.space.largest.digest.hex
        let receipt: JSON = ["summary": ["teachers": [["digest": .string(digest), "latency_ms": 12.5]]]]
        var members = [ArchiveMember(path: "receipts/pool.json", contents: .data(Data(receipt.canonicalText.utf8)))]
        for name in ["pool.json", "weights.safetensors", "categories.json"] {
            members.append(ArchiveMember(path: "pool/\(name)", contents: .file(folder["pool/\(name)"])))
        }
        try BundleBuilder.build(members: members, about: ["job": "night"], to: folder["night.tar.zst"])
        let listed = try jdnas("pool", "list", "night.tar.zst")
        #expect(listed.output.contains("12.5"), "\(listed.output)\(listed.error)")
        #expect(try jdnas("pool", "extract", "night.tar.zst", "largest", "--out", "whole").code == 0)
        #expect(try DetectorFiles.read(from: folder["whole"], catalog).weights == pool.weights)
        let other = try jdnas("pool", "list", "night.tar.zst", "--stage", "day")
        #expect(other.code == 1 && other.error.contains("name one of: pool"))
        try BundleBuilder.build(members: [members[0]], about: [:], to: folder["none.tar.zst"])
        #expect(try jdnas("pool", "show", "none.tar.zst").error.contains("holds no teacher pool"))
    }

    /// Statistics belong to one choice: the supernet's are not given for a teacher's.
    @Test func batchNormNeedsItsStatistics() throws {
        let batch = try Self.pool(.batch, catalog)
        try batch.write(to: folder["batch"])
        let refused = try jdnas("pool", "extract", "batch", "smallest", "--out", "refused")
        #expect(refused.code == 1 && refused.error.contains("give --data"), "\(refused.error)")
        #expect(!folder.files().contains("refused/architecture.json"))
    }

    @Test func foreignPoolsAreRefused() throws {
        try Data("{}".utf8).write(to: folder["pool/pool.json"])
        #expect(try jdnas("pool", "list", "pool").error.contains("not a teacher pool of format"))
        #expect(try jdnas("pool", "list", "nowhere").code == 1)
        #expect(try jdnas("pool", "list").code == 2)
    }
}
