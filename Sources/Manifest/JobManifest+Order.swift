extension JobManifest {
    /// The stages so that each comes after what it needs; otherwise in the order of the file (Kahn 1962). Those that wait for
    /// each other, or for a stage that is not there, are left out.
    public func order() -> [Stage] {
        let indices = Dictionary(zip(stages.map(\.name), stages.indices), uniquingKeysWith: { first, _ in first })
        var waitsFor = stages.map { Set($0.localNeeds).count }
        var waiting: [[Int]] = Array(repeating: [], count: stages.count)
        for (index, stage) in stages.enumerated() {
            for name in Set(stage.localNeeds) { if let other = indices[name] { waiting[other].append(index) } }
        }
        var isDone = Array(repeating: false, count: stages.count)
        var result: [Stage] = []
        while let next = stages.indices.first(where: { waitsFor[$0] == 0 && !isDone[$0] }) {
            isDone[next] = true
            result.append(stages[next])
            for index in waiting[next] { waitsFor[index] -= 1 }
        }
        return result
    }

    /// `a → b → a`; of a long one the beginning and the end.
    private static func text(ofCycle names: ArraySlice<String>) -> String {
        guard names.count > 12 else { return names.joined(separator: " → ") }
        let ends = names.prefix(6) + ["… \(names.count - 9) more …"] + names.suffix(3)
        return ends.joined(separator: " → ")
    }

    /// Reports each cycle once, at the need that closes it.
    func checkCycles(_ diagnosis: Diagnosis) {
        let byName = Dictionary(stages.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var finished: Set<String> = []
        var path: [String] = []
        var depth: [String: Int] = [:]

        func visit(_ stage: Stage) {
            depth[stage.name] = path.count
            path.append(stage.name)
            for need in stage.needs {
                guard case .stage(let name) = need.reference, let next = byName[name] else { continue }
                if let start = depth[name] {
                    let cycle = JobManifest.text(ofCycle: path[start...] + [name])
                    diagnosis.report(
                        file: file, mark: need.mark,
                        path.count - start == 1
                            ? "the stage '\(name)' needs itself" : "these stages wait for each other: \(cycle)",
                        remedy: "remove one of these needs")
                } else if !finished.contains(name) {
                    visit(next)
                }
            }
            path.removeLast()
            depth[stage.name] = nil
            finished.insert(stage.name)
        }
        for stage in stages where !finished.contains(stage.name) { visit(stage) }
    }
}

extension JobManifest.Stage {
    /// The stages of this job that it needs.
    public var localNeeds: [String] {
        needs.compactMap { need in
            if case .stage(let name) = need.reference { name } else { nil }
        }
    }
}
