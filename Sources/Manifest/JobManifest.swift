import Basics
public import Foundation

/// A job as its manifest tells it: names, seed, stages and what they need. Plugins and their options are checked later.
public struct JobManifest: Sendable {
    /// One stage of a job.
    public struct Stage: Sendable {
        public var name: String
        /// The plugin's name.
        public var uses: String
        public var needs: [Need]
        /// The plugin's options.
        public var with: YAMLNode?
        public var threads: Int?
        public var mark: Mark
        public var usesMark: Mark
    }

    /// An input, and where it is asked for.
    public struct Need: Sendable {
        public var reference: InputReference
        public var mark: Mark
    }

    public var job: String
    public var description: String?
    /// What all random streams of the job start from.
    public var seed: UInt64
    /// Threads of each stage, unless it says otherwise.
    public var threads: Int?
    /// In the order of the file.
    public var stages: [Stage]
    /// The manifest's bytes, and the file's name in diagnostics.
    public var text: Data
    public var file: String

    /// Parses and checks a manifest; throws `Diagnostics`.
    public init(parsing data: Data, file: String) throws {
        let diagnosis = Diagnosis()
        let manifest = JobManifest(parsing: data, file: file, diagnosis: diagnosis)
        try diagnosis.throwIfAny()
        guard let manifest else { throw Diagnostics([]) }
        self = manifest
    }

    /// Parses as much as can be understood, and reports what cannot. Nil if nothing can.
    public init?(parsing data: Data, file: String, diagnosis: Diagnosis) {
        let root: YAMLNode
        do {
            root = try YAMLNode(parsing: data, file: file)
        } catch let problems as Diagnostics {
            diagnosis.report(problems)
            return nil
        } catch {
            diagnosis.report(file: file, mark: Mark(line: 1, column: 1), "\(error)")
            return nil
        }
        if root.mapping == nil {
            diagnosis.report(
                file: file, mark: root.mark, "a job manifest is a mapping, not \(root.kindText)",
                remedy: "start with 'job: NAME' and 'stages:'")
            return nil
        }
        // Paths are not looked at here: the base directory does not matter.
        let reader = ConfigReader(root, file: file, baseDirectory: URL(filePath: "/"), diagnosis: diagnosis)
        text = data
        self.file = file
        job = reader.legalName("job") ?? ""
        description = reader.optionalString("description")
        seed = UInt64(reader.int("seed", default: 0, in: 0...Int.max))
        threads = reader.optionalInt("threads", in: 1...1024)
        let entries = reader.readers("stages")
        if entries.count > 1000 {
            reader.report("stages", "\(entries.count) stages; a job may have 1000", remedy: "split the job")
        }
        stages = entries.compactMap(Stage.init(reader:))
        if root["stages"]?.sequence.map(\.isEmpty) ?? !reader.has("stages") {
            reader.report(
                "stages", "the job has no stages", remedy: "add 'stages:' with a list of '- name: …, uses: …'")
        }
        reader.finish()
        guard entries.count <= 1000 else { return }
        checkNames(diagnosis)
        checkNeeds(diagnosis)
        checkCycles(diagnosis)
    }

    private func checkNames(_ diagnosis: Diagnosis) {
        var seen: [String: Mark] = [:]
        for stage in stages {
            if let first = seen[stage.name] {
                diagnosis.report(
                    file: file, mark: stage.mark,
                    "two stages are called '\(stage.name)'; the first is in line \(first.line)",
                    remedy: "rename one of them")
            } else {
                seen[stage.name] = stage.mark
            }
        }
    }

    private func checkNeeds(_ diagnosis: Diagnosis) {
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

extension ConfigReader {
    /// A required name of a job or a stage.
    func legalName(_ key: String) -> String? {
        guard let name = string(key) else { return nil }
        guard isLegalName(name) else {
            report(
                key, "'\(shown(name))' is no legal name",
                remedy: "use a-z, 0-9, '.', '_' and '-', starting with a letter or digit, at most 80 characters")
            return nil
        }
        return name
    }
}

extension JobManifest.Stage {
    /// Reads a stage; nil if it has no usable name or plugin, which has been reported.
    init?(reader: ConfigReader) {
        let name = reader.legalName("name")
        let uses = reader.string("uses")
        let needs = JobManifest.Need.list(in: reader)
        with = reader.mapping("with")
        threads = reader.optionalInt("threads", in: 1...1024)
        mark = reader.mark
        usesMark = reader.mark(of: "uses")
        self.needs = needs
        guard let name, let uses else { return nil }
        self.name = name
        self.uses = uses
    }
}

extension JobManifest.Need {
    /// The inputs of a stage.
    static func list(in reader: ConfigReader) -> [JobManifest.Need] {
        let key = Key(name: "needs", type: "a list of inputs", required: false, help: "")
        guard let node = reader.lookup(key) else { return [] }
        guard let nodes = node.sequence else {
            reader.wrongType(key, node, remedy: "write 'needs: [\(node.text ?? "…")]'")
            return []
        }
        return nodes.compactMap { node in
            var reference = node.text.flatMap(InputReference.init)
            if let pairs = node.mapping, pairs.count == 1, pairs[0].key.text == "file", let path = pairs[0].value.text {
                reference = path.isEmpty ? nil : .file(path)
            }
            guard let reference else {
                let key = node.mapping?.first?.key.text
                let near = key.flatMap { $0 == "file" ? nil : nearestName($0, among: ["file"]) }
                reader.diagnosis.report(
                    file: reader.file, mark: node.mark, "\(node.kindText) names no input",
                    remedy: near.map { "did you mean '{\($0): PATH}'?" } ?? "write STAGE, JOB/STAGE or {file: PATH}")
                return nil
            }
            return JobManifest.Need(reference: reference, mark: node.mark)
        }
    }
}
