import Basics
import Foundation
import Spool
import StageKit

/// What becomes of a file that a stage reads.
private enum Damage: CaseIterable {
    case missing, half, otherBytes

    func text(_ path: String) -> String {
        switch self {
        case .missing: "without \(path)"
        case .half: "with half of \(path)"
        case .otherBytes: "with other bytes in \(path)"
        }
    }

    func apply(to file: URL) throws {
        if self == .missing {
            try FileManager.default.removeItem(at: file)
            return
        }
        let bytes = try Data(contentsOf: file)
        let damaged = self == .half ? bytes.prefix(bytes.count / 2) : Data(bytes.map { $0 ^ 0x5A })
        // In place: links to the file and its permissions stay.
        try damaged.write(to: file)
    }
}

extension Bench {
    func checkErrors(_ found: inout Findings) throws {
        _ = try reference()
        for kind in plugin.consumes.filter(\.required).map(\.kind) {
            let what = "without any \(kind.rawValue)"
            let run = try attempt(what, inputs: inputs.filter { $0.kind != kind })
            found.require(!run.isDone, "\(what): it ends as done, though it requires one")
            checkFailure(of: run, what, &found)
        }
        for number in inputs.indices { try checkDamage(toInput: number, &found) }
        try checkDamageToFiles(&found)
    }

    /// Copies of the artifact, each damaged in one place; their receipts say nothing of it.
    private func checkDamage(toInput number: Int, _ found: inout Findings) throws {
        let (input, given) = (suite.inputs[number], inputs[number])
        let members = try Receipt.members(of: URL(filePath: given.directory)) { _ in false }.map(\.path)
        var damages: [(what: String, apply: (URL) throws -> Void)] = [
            (
                "empty",
                {
                    try FileManager.default.removeItem(at: $0)
                    try Folder.make($0)
                }
            )
        ]
        for index in Self.spread(members.count, atMost: 4) {
            for damage in Damage.allCases {
                damages.append(
                    (damage.text(members[index]), { try damage.apply(to: $0.appending(path: members[index])) }))
            }
        }
        for (place, damage) in damages.enumerated() {
            let folder = scratch.appending(path: "damaged/\(number)-\(place)")
            try Folder.make(folder)
            try FileManager.default.copyItem(
                at: URL(filePath: given.directory), to: folder.appending(path: "output"))
            Folder.setWritable(folder, true)
            try damage.apply(folder.appending(path: "output"))
            var all = inputs
            all[number] = try seal(folder, input)
            let what = "\(input.kind.rawValue) \(damage.what)"
            checkFailure(of: try attempt(what, inputs: all), what, &found)
            try FileManager.default.removeItem(at: folder)
        }
    }

    /// Files that options name, after the manifest was accepted.
    private func checkDamageToFiles(_ found: inout Findings) throws {
        let base = scratch.appending(path: "base")
        let stage = try resolved()
        let files = try FolderWalk(base).files
        for index in Self.spread(files.count, atMost: 6) {
            let file = base.appending(path: files[index])
            let bytes = try Data(contentsOf: file)
            for damage in Damage.allCases {
                try damage.apply(to: file)
                let what = "the job's files \(damage.text(files[index]))"
                checkFailure(of: try attempt(what, stage: stage), what, &found)
                try bytes.write(to: file)
            }
        }
    }

    /// A stage may not read what is damaged. Where it cannot go on, it says what the user can do.
    private func checkFailure(of run: Attempt, _ what: String, _ found: inout Findings) {
        if run.isDone { return }
        guard let failure = run.failure else {
            found.add("\(what): \(run.end)")
            return
        }
        switch failure.cause {
        case .input, .system:
            found.require(
                failure.remedy?.isEmpty == false, "\(what): the failure has no remedy: \(run.end)")
        case .defect: found.add("\(what): it counts as a defect of the program: \(run.end)")
        case .cancelled: found.add("\(what): it says that it was stopped, and nobody asked")
        }
    }
}
