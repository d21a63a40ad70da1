import Basics
import CommandKit
import Dataset
import Detection
import DetectorKit
import Devices
import Foundation
import Search
import Tensor
import Training

struct PoolListCommand: Command {
    let name = "pool list"
    let summary = "list the teachers of a pool"
    let operands = PoolSource.operand
    let arity = 1...1
    let options =
        PoolSource.options + [
            Option("--all", "every teacher that can be drawn, not only those on the card; the largest first"),
            Option("--json", "print them as JSON"),
        ]
    let details = PoolSource.details

    func run(_ arguments: Arguments) throws -> Int32 {
        let source = try PoolSource(arguments)
        let teachers = arguments.has("--all") ? try all(source.pool) : source.pool.card
        if arguments.has("--json") {
            Terminal.print(try JSON.array(teachers.map { try json($0, source) }).prettyText)
        } else {
            Terminal.print(try teacherTable(teachers, source))
        }
        return 0
    }

    private func all(_ pool: ElasticPool) throws -> [Teacher] {
        let size = pool.supernet.space.size
        guard size <= ElasticPool.mostListed else {
            throw Failure(
                "the pool has \(size) teachers; at most \(ElasticPool.mostListed) are listed",
                remedy: "leave --all out: the card has some")
        }
        return try pool.supernet.space.all.map { try pool.known($0) }.sorted {
            $0.cost.multiplyAccumulates > $1.cost.multiplyAccumulates
        }
    }

    private func json(_ teacher: Teacher, _ source: PoolSource) throws -> JSON {
        let digest = try teacher.digest.hex
        return [
            "name": teacher.name.map { .string($0) } ?? .null, "teacher": .string(teacher.choice.description),
            "digest": .string(digest), "ap": teacher.precision.map { .number($0) } ?? .null,
            "macs": .integer(teacher.cost.multiplyAccumulates), "parameters": .integer(teacher.cost.parameters),
            "latency_ms": source.latencies[digest].map { .number($0) } ?? .null,
        ]
    }
}

struct PoolShowCommand: Command {
    let name = "pool show"
    let summary = "show a pool's card and in what its teachers differ, or one teacher's architecture"
    let operands = "POOL [TEACHER]"
    let arity = 1...2
    let options = PoolSource.options
    let details = PoolSource.details + "\nTEACHER is a name or digest on the card, or \(SearchSpace.grammar)."

    func run(_ arguments: Arguments) throws -> Int32 {
        let source = try PoolSource(arguments)
        let pool = source.pool
        if arguments.operands.count > 1 {
            let teacher = try pool.teacher(named: arguments.operands[1])
            let architectures = [try pool.supernet.subnet(teacher.choice).graph.architecture]
            Terminal.print(try teacherTable([teacher], source))
            Terminal.print("")
            Terminal.print(Table(rows: ArchitectureTable.rows(of: architectures)).text())
            return 0
        }
        let space = pool.supernet.space
        Terminal.print("\(space.size) teachers, which differ in")
        Terminal.print(Table(rows: space.elastic.map { ["  \($0)", values(of: $0, space)] }).text())
        Terminal.print("")
        Terminal.print("the card (AP on '\(pool.cardSplit)'):")
        Terminal.print(try teacherTable(pool.card, source))
        return 0
    }

    private func values(of dimension: SearchSpace.Dimension, _ space: SearchSpace) -> String {
        switch dimension {
        case .depth(let stage): space.depths[stage].map { "\($0)" }.joined(separator: ", ") + " blocks"
        case .inner, .trunk: shares(space.shares(dimension))
        case .input: space.inputs.map { "\($0.shorter)x\($0.longer)" }.joined(separator: ", ")
        }
    }

    private func shares(_ values: [Double]) -> String {
        values.map { tenths(100 * $0) }.joined(separator: ", ") + " % of the width"
    }
}

struct PoolExtractCommand: Command {
    let name = "pool extract"
    let summary = "take a teacher out of a pool, as a detector of its own"
    let operands = "POOL TEACHER"
    let arity = 2...2
    let options =
        PoolSource.options + [
            Option("--out", value: "DIR", "the folder to make"),
            Option(
                "--data", value: "DIR",
                "a packed data set: batch norm's statistics of a teacher that is not on the card are estimated on it"),
            Option("--threads", value: "N", "threads to compute with (default: the processor's)"),
        ]
    let details = PoolShowCommand().details

    func run(_ arguments: Arguments) throws -> Int32 {
        let folder = URL(filePath: try arguments.require("--out")).standardizedFileURL
        try DetectorFiles.requireNew(folder)
        let source = try PoolSource(arguments)
        let teacher = try source.pool.teacher(named: arguments.operands[1])
        let threads = try arguments.integer("--threads", in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
        Compute.prepare(threads: threads, precision: .float32) { Terminal.error($0) }
        let detector = try detector(teacher, source.pool, arguments.value("--data"))
        try DetectorFiles.writeNew(detector, source.categories, to: folder)
        Terminal.print("\(folder.path): \(teacher.choice), \(teacher.cost.parameters) parameters")
        return 0
    }

    private func detector(_ teacher: Teacher, _ pool: ElasticPool, _ data: String?) throws -> Detector {
        if let data {
            let dataset = try PackedDataset(URL(filePath: data))
            try pool.supernet.graph.architecture.requireClasses(
                of: dataset, "the pool", at: data, remedy: "give the data set that the pool was trained on")
            let train = try dataset.split(SplitName.train)
            return try TeacherShelf(pool, train: train, images: dataset.digest).detector(teacher.choice)
        }
        guard let detector = try pool.detector(teacher.choice) else {
            throw Failure(
                "batch norm's statistics of this teacher are not known: \(teacher.choice)",
                remedy: "give --data to estimate them, or take a teacher of the card")
        }
        return detector
    }
}

/// A row for each teacher; latencies where any are known.
private func teacherTable(_ teachers: [Teacher], _ source: PoolSource) throws -> String {
    let timed = !source.latencies.isEmpty
    let rows = try teachers.map { teacher -> [String] in
        let digest = try teacher.digest
        return [
            teacher.name ?? "", digest.short, teacher.choice.description,
            teacher.precision.map { tenths(100 * $0) } ?? "",
            String(format: "%.2f G", Double(teacher.cost.multiplyAccumulates) / 1e9),
            String(format: "%.2f M", Double(teacher.cost.parameters) / 1e6),
        ] + (timed ? [source.latencies[digest.hex].map { tenths($0) } ?? ""] : [])
    }
    let header = ["NAME", "DIGEST", "TEACHER", "AP", "MACS", "PARAMETERS"] + (timed ? ["MS"] : [])
    return Table(header: header, rows: rows, right: [3, 4, 5, 6]).text()
}
