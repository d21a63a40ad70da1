extension JobManifest {
    /// The stages so that each comes after what it needs; otherwise in the order of the file (Kahn 1962).
    public func order() -> [Stage] {
        var waiting = stages
        var done: Set<String> = []
        var result: [Stage] = []
        while let index = waiting.firstIndex(where: { $0.localNeeds.allSatisfy(done.contains) }) {
            let stage = waiting.remove(at: index)
            done.insert(stage.name)
            result.append(stage)
        }
        return result
    }

    /// Reports each cycle once, at the need that closes it.
    func checkCycles(_ diagnosis: Diagnosis) {
        let byName = Dictionary(stages.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var finished: Set<String> = []
        var path: [String] = []

        func visit(_ stage: Stage) {
            path.append(stage.name)
            for need in stage.needs {
                guard case .stage(let name) = need.reference, let next = byName[name] else { continue }
                if let start = path.firstIndex(of: name) {
                    let cycle = (path[start...] + [name]).joined(separator: " → ")
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
