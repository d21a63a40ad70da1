import Basics
import CommandKit
import Detection
import DetectorKit
import Devices
import Foundation
import Images
import Search
import Tensor
import Training

struct CompareCommand: Command {
    let name = "compare"
    let summary = "two detectors side by side: blocks, widths, costs, predicted and measured latency"
    let operands = "A B"
    let arity = 2...2
    let options = [
        Option("--image", value: "FILE", repeats: true, "measure on these pictures (default: drawn ones)"),
        Option("--rounds", value: "N", "passes over the pictures (default 10)"),
        Option("--table", value: "FILE", "the latency table to use and extend (default: this device's, in the cache)"),
        Option("--no-latency", "leave predicted and measured latency out"),
        Option("--threads", value: "N", "threads to compute with (default: the processor's)"),
    ]
    let details = """
        A and B are detectors' folders, or bundles: a bundle's student ('FILE') or its base ('FILE:base').
        The predictions are fitted on A, measured, and a relative of half its widths: B's is the one that tells something.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let threads =
            try arguments.integer("--threads", in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
        let rounds = try arguments.integer("--rounds", in: 1...10_000) ?? 10
        let detectors = try arguments.operands.map { try DetectorSource(named: $0).detector }
        Compute.prepare(threads: threads, precision: .float32) { Terminal.error($0) }
        var rows = ArchitectureTable.rows(of: detectors.map(\.architecture)) + costRows(detectors.map(\.graph))
        if !arguments.has("--no-latency") {
            rows += try latencyRows(
                detectors, images(arguments, detectors[0].architecture.input), rounds: rounds,
                LatencyTableFile(
                    arguments.value("--table").map { URL(filePath: $0) }, device: .current(threads: threads)))
        }
        Terminal.print(Table(header: [""] + names(arguments.operands), rows: rows).text())
        return 0
    }

    /// The last parts of paths, where they tell the two apart.
    private func names(_ operands: [String]) -> [String] {
        let short = operands.map { URL(filePath: $0).lastPathComponent }
        return Set(short).count == operands.count ? short : operands
    }

    private func costRows(_ graphs: [DetectorGraph]) -> [[String]] {
        let costs = graphs.map(\.cost)
        func row(_ name: String, _ values: [Int], _ text: (Int) -> String) -> [String] {
            [name, text(values[0]), "\(text(values[1])) (\(percent(values[1], of: values[0])))"]
        }
        return [
            row("parameters", costs.map(\.parameters)) { "\($0)" },
            row("multiply-accumulates", costs.map(\.multiplyAccumulates)) {
                String(format: "%.2f G", Double($0) / 1e9)
            },
        ]
    }

    private func percent(_ value: some BinaryInteger, of base: some BinaryInteger) -> String {
        "\(tenths(100 * Double(value) / Double(max(base, 1)))) %"
    }

    private func latencyRows(
        _ detectors: [Detector], _ images: [ImagePlanes], rounds: Int, _ file: LatencyTableFile
    ) throws -> [[String]] {
        let model = LatencyModel(try file.read())
        Terminal.error("measuring on \(images.count) pictures, \(rounds) rounds")
        _ = try model.calibrate(
            on: detectors[0], images: images, rounds: max(1, rounds / 2), backboneCatalog, log: Terminal.error)
        let predicted = detectors.map { model.predict($0.graph) }
        try file.write(model.table)
        let measured = try measureLatency(of: detectors, images: images, rounds: rounds).map(\.median)
        func row(_ name: String, _ values: [Double]) -> [String] {
            let share = "\(tenths(100 * values[1] / values[0])) %"
            return [name, "\(tenths(values[0])) ms", "\(tenths(values[1])) ms (\(share))"]
        }
        return [row("predicted latency", predicted), row("measured latency", measured)]
    }

    private func images(_ arguments: Arguments, _ input: DetectorArchitecture.InputSize) throws -> [ImagePlanes] {
        let files = arguments.all("--image")
        if files.isEmpty {
            return (0..<4).map { ImagePlanes(drawn: RandomStream(seed: 1).stream("image", $0), input) }
        }
        return try files.map { file in
            try ImagePlanes(readPicture(file))
        }
    }
}

extension ImagePlanes {
    /// Rectangles of all sizes on grey, as large as an input takes: proposals come in usual numbers.
    fileprivate init(drawn random: RandomStream, _ input: DetectorArchitecture.InputSize) {
        var random = random
        let (width, height) = (input.longer, input.shorter)
        var pixels = [UInt8](repeating: 128, count: width * height * 3)
        for _ in 0..<40 {
            let (w, h) = (random.index(below: width / 3) + 4, random.index(below: height / 3) + 4)
            let (x, y) = (random.index(below: max(1, width - w)), random.index(below: max(1, height - h)))
            let color = (0..<3).map { _ in UInt8(random.index(below: 256)) }
            for row in y..<min(y + h, height) {
                for column in x..<min(x + w, width) {
                    for c in 0..<3 { pixels[(row * width + column) * 3 + c] = color[c] }
                }
            }
        }
        self.init(width: width, height: height, pixels: pixels)
    }
}
