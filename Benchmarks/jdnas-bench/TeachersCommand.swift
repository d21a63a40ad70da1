import Basics
import CommandKit
import Detection
import DetectorKit
import Devices
import Foundation
import ResNet
import Search
import Tensor

/// How long a teacher of a pool takes to be drawn: architecture, graph, and its slices of the supernet's weights.
struct TeachersCommand: Command {
    let name = "teachers"
    let summary = "how long drawing a teacher from a pool takes"
    let options = [
        Option("--backbone", value: "PRESET", "the largest network's (default resnet18)"),
        Option("--neck", value: "N", "channels of the pyramid (default 128)"),
        Option("--draws", value: "N", "how many teachers (default 50)"),
    ]

    private let catalog = BackboneCatalog([ResNet()])

    func run(_ arguments: Arguments) throws -> Int32 {
        let neck = try arguments.integer("--neck", in: 16...1024) ?? 128
        let draws = try arguments.integer("--draws", in: 1...10_000) ?? 50
        let architecture = try DetectorSettings(
            backbone: arguments.value("--backbone") ?? "resnet18", norm: .group, normGroups: 16, neckWidth: neck,
            headWidth: 4 * neck, input: .init(shorter: 240, longer: 320),
            anchors: .init(sizes: [16, 32, 64, 128, 256], ratios: [0.5, 1, 2]), selection: .init()
        ).architecture(classes: 3, catalog)
        let graph = try DetectorGraph(architecture, catalog)
        let space = SearchSpace.below(architecture, removableBlocks: 1, innerWidths: [0.5, 0.75, 1])
        let pool = ElasticPool(
            supernet: try Supernet(graph, space, catalog),
            weights: graph.network.initialWeights(RandomStream(seed: 1)), card: [], cardSplit: "search")
        var random = RandomStream(seed: 2)
        let times = try (0..<draws).map { _ in
            let choice = space.draw(&random)
            let start = ContinuousClock.now
            _ = try pool.teacher(choice)
            return Double((ContinuousClock.now - start) / .microseconds(1)) / 1000
        }.sorted()
        Terminal.print(
            "\(draws) teachers below \(tenths(Double(graph.cost.parameters) / 1e6)) M parameters: median "
                + "\(tenths(times[draws / 2])) ms, largest \(tenths(times[draws - 1])) ms (aim: below 50 ms)")
        return times[draws / 2] < 50 ? 0 : 1
    }
}
