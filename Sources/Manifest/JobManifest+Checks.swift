extension JobManifest {
    func checkNames(_ diagnosis: Diagnosis) {
        var seen: [String: Mark] = [:]
        for stage in stages {
            if let first = seen[stage.name] {
                diagnosis.report(
                    file: file, mark: stage.mark,
                    "two stages are called '\(stage.name)'; the first is in \(first.placeText(from: stage.mark))",
                    remedy: "rename one of them")
            } else {
                seen[stage.name] = stage.mark
            }
        }
    }

    func checkNeeds(_ diagnosis: Diagnosis) {
        let names = stages.map(\.name)
        let known = Set(names)
        for stage in stages {
            var seen: Set<InputReference> = []
            for need in stage.needs {
                if !seen.insert(need.reference).inserted {
                    diagnosis.report(
                        file: file, mark: need.mark, "'\(stage.name)' needs '\(need.reference)' twice",
                        remedy: "remove one of them")
                }
                guard case .stage(let name) = need.reference, !known.contains(name) else { continue }
                diagnosis.report(
                    file: file, mark: need.mark, "there is no stage '\(name)'",
                    remedy: remedy(forStage: name, neededBy: stage))
            }
        }
    }

    private func remedy(forStage name: String, neededBy stage: Stage) -> String {
        let others = stages.filter { $0.name != stage.name }
        if others.isEmpty { return "this job has no other stage; write 'JOB/\(name)' for a stage of another job" }
        if let near = nearestName(name, among: others.map(\.name)) { return "did you mean '\(near)'?" }
        if let user = others.first(where: { $0.uses == name }) {
            return "did you mean '\(user.name)'? stages are named by their 'name', not by their plugin"
        }
        let list = others.prefix(20).map(\.name).joined(separator: ", ") + (others.count > 20 ? ", …" : "")
        return "stages here: \(list); write 'JOB/\(name)' for one of another job"
    }
}

extension Mark {
    /// `line 3`, with the file where it is another than that of a mark that tells of it.
    func placeText(from other: Mark) -> String {
        guard let source, source !== other.source else { return "line \(line)" }
        return "\(source.name), line \(line)"
    }
}
