import Basics
import Foundation
import Manifest
import StageKit

/// Jobs that the torture hands in: one to three stages, some of which other jobs have too.
struct TortureJobs {
    private(set) var count = 0

    /// A manifest whose first line is what a check of it gives, for torture-stage.sh.
    ///
    /// - Parameter others: names of jobs whose stage `a` may be read.
    mutating func next(_ random: inout RandomStream, others: [String]) throws -> (name: String, manifest: Data) {
        count += 1
        let name = "j\(count)"
        // Few values, so that results are used again now and then; or one of its own.
        let luck =
            random.index(below: 2) == 0 ? "shared-\(random.index(below: 40))" : "own-\(random.index(below: 1 << 30))"
        var stages: [(name: String, needs: [String])] = []
        for stage in ["a", "b", "c"].prefix(1 + random.index(below: 3)) {
            var needs: [String] = stages.isEmpty || random.index(below: 4) == 0 ? [] : [stages[stages.count - 1].name]
            if needs.isEmpty, let other = others.randomElement(using: &random), random.index(below: 4) == 0 {
                needs.append("\(other)/a")
            }
            stages.append((stage, needs))
        }
        // One in three says what goes first.
        let rules = random.index(below: 3) == 0 ? JobRules(priority: random.index(below: 21) - 10) : nil
        let resolved = ResolvedJob(
            job: name, seed: 7, rules: rules,
            stages: stages.map { stage in
                ResolvedJob.Stage(
                    name: stage.name, plugin: "make-dataset", pluginVersion: 1, options: ["luck": .string(luck)],
                    needs: stage.needs.compactMap { InputReference($0) },
                    consumes: [InputRequirement(.dataset, required: false)], produces: .dataset, reuse: .anywhere,
                    // An hour that did not go by must not count.
                    rules: StageRules(timeout: 1800))
            })
        let report = try JSON(encoding: ValidationReport(file: name, .success(resolved))).canonicalText
        let lines = stages.map {
            "  - {name: \($0.name), uses: make-dataset, needs: [\($0.needs.joined(separator: ", "))], with: {luck: \(luck)}}"
        }
        return (name, Data("# \(report)\njob: \(name)\nstages:\n\(lines.joined(separator: "\n"))\n".utf8))
    }

    /// What a stage of this program makes, however often it was interrupted.
    static func result(_ stage: String, luck: String) -> String { "all of \(stage) with \(luck)" }
}
