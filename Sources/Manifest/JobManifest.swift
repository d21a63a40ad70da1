public import Basics
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
        /// Whether `needs` and `with` were understood; what is wrong with them has been told, and nothing follows from it.
        public var hasAllNeeds = true
        public var hasOptions = true
        public var threads: Int?
        public var rules: StageRules
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
    public var rules: JobRules
    /// In the order of the files: those of included ones first.
    public var stages: [Stage]
    /// The files that were included.
    public var included: [IncludedFile] = []
    /// What its variables stand for, and which of the environment's it took.
    public var variables: [String: JSON] = [:]
    public var environment: [String: String] = [:]
    /// The manifest's bytes, and the file's name in diagnostics.
    public var text: Data
    public var file: String

    /// Parses and checks a manifest; throws `Diagnostics`.
    public init(parsing data: Data, file: String, context: ManifestContext = ManifestContext()) throws {
        let diagnosis = Diagnosis()
        let manifest = JobManifest(parsing: data, file: file, context: context, diagnosis: diagnosis)
        try diagnosis.throwIfAny()
        guard let manifest else { throw Diagnostics([]) }
        self = manifest
    }

    /// Parses as much as can be understood, takes in what it includes, replaces its variables, and reports what is wrong.
    /// Nil if nothing can be understood.
    public init?(parsing data: Data, file: String, context: ManifestContext = ManifestContext(), diagnosis: Diagnosis) {
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
        let sources = ManifestParts(root: root, file: file, context: context, diagnosis: diagnosis)
        let variables = Variables(
            parts: sources.parts, file: file, environment: context.environment, diagnosis: diagnosis)
        let whole = JobManifest.whole(root, with: sources.parts.dropLast(), variables)
        // Paths are not looked at here: the base directory does not matter.
        let reader = ConfigReader(whole, file: file, baseDirectory: context.base, diagnosis: diagnosis)
        self.init(reading: reader)
        text = data
        included = sources.included
        self.variables = variables.json
        environment = variables.environment
        let given = whole["stages"]
        if given.map({ $0.isNull || $0.sequence?.isEmpty == true }) ?? true {
            reader.report(
                "stages", "the job has no stages", remedy: "add 'stages:' with a list of '- name: …, uses: …'")
        }
        reader.finish()
        if let count = given?.sequence?.count, count > JobManifest.mostStages {
            reader.report(
                "stages", "\(count) stages; a job may have \(JobManifest.mostStages)", remedy: "split the job")
            return
        }
        checkNames(diagnosis)
        checkNeeds(diagnosis)
        checkCycles(diagnosis)
    }

    private static let mostStages = 1000

    /// The manifest with the stages of the files that it includes, and with its variables replaced.
    private static func whole(_ root: YAMLNode, with included: ArraySlice<YAMLNode>, _ variables: Variables) -> YAMLNode
    {
        var pairs = root.mapping ?? []
        for (index, pair) in pairs.enumerated() {
            switch pair.key.text {
            case "include", "variables": break
            case let name? where Variables.builtIn.contains(name):
                pairs[index].value = variables.expandingBuiltIn(name, pair.value)
            default: pairs[index].value = variables.expanding(pair.value)
            }
        }
        let before = included.flatMap { $0["stages"]?.sequence ?? [] }.map(variables.expanding)
        if !before.isEmpty {
            if let index = pairs.firstIndex(where: { $0.key.text == "stages" }) {
                if let own = pairs[index].value.sequence ?? (pairs[index].value.isNull ? [] : nil) {
                    pairs[index].value.value = .sequence(before + own)
                }
            } else {
                let mark = before[0].mark
                pairs.append(
                    (
                        YAMLNode(mark: mark, value: .scalar("stages", .plain)),
                        YAMLNode(mark: mark, value: .sequence(before))
                    ))
            }
        }
        return YAMLNode(mark: root.mark, value: .mapping(pairs))
    }
}
