import Basics
import Foundation

extension JobManifest {
    /// Every key of a job and, as `stages[].…`, of a stage.
    public static var describedKeys: [OptionDescription] {
        ConfigReader.describe { reader in _ = JobManifest(reading: reader) }
    }

    /// Reads the job's keys. A key is read, told in the reference and in the schema by its one line here.
    init(reading reader: ConfigReader) {
        file = reader.file
        text = Data()
        job =
            reader.legalName("job", help: "the job's name. Its id is this name with the time and six random digits")
            ?? ""
        description = reader.optionalString("description", help: "for people")
        seed = UInt64(
            reader.int(
                "seed", default: 0, in: 0...Int.max,
                help:
                    "what all random numbers of the job come from. Each stage has streams of its own, split off by its name"
            ))
        threads = reader.optionalInt(
            "threads", in: 1...1024,
            help:
                "threads for each stage; without it the runner decides. Their number is part of what determines a result's bits"
        )
        rules = JobRules(reader)
        SharedKeys.read(reader)
        stages = reader.readers("stages", help: "the stages, in any order, at most 1000").compactMap(
            Stage.init(reader:))
    }
}

extension ConfigReader {
    /// A required name of a job or a stage.
    func legalName(_ key: String, help: String) -> String? {
        guard let name = text(Key(name: key, shape: .name, required: true, help: help)) else { return nil }
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
    /// Reads a stage's keys, each in one line as the job's; nil if it has no usable name or plugin, which has been reported.
    init?(reader: ConfigReader) {
        let name = reader.legalName("name", help: "the stage's name, unique in the job")
        let uses = reader.string("uses", help: "a stage plugin; 'jdnas plugins' lists them")
        let inputs = JobManifest.Need.list(in: reader, help: "the inputs that the stage reads")
        needs = inputs ?? []
        with = reader.mapping("with", help: "the plugin's options")
        threads = reader.optionalInt("threads", in: 1...1024, help: "for this stage, instead of the job's")
        rules = StageRules(reader)
        hasAllNeeds = inputs != nil && needs.count == (reader.node("needs")?.sequence?.count ?? 0)
        hasOptions = with != nil || reader.node("with")?.isNull ?? true
        reader.strangersBelong = "an option of the plugin stands under 'with:'"
        mark = reader.mark
        usesMark = reader.mark(of: "uses")
        guard let name, let uses else { return nil }
        self.name = name
        self.uses = uses
    }
}

extension JobManifest.Need {
    /// The inputs of a stage, those that were understood; nil if they are no list.
    static func list(in reader: ConfigReader, help: String) -> [JobManifest.Need]? {
        let key = Key(name: "needs", shape: .inputs, required: false, help: help)
        guard let node = reader.lookup(key) else { return [] }
        guard let nodes = node.sequence else {
            reader.wrongType(
                key, node, remedy: "write 'needs: [\(node.text.map(shown) ?? "{file: PATH}")]', say")
            return nil
        }
        return nodes.compactMap { node in
            var reference = node.text.flatMap(InputReference.init)
            if let pairs = node.mapping, pairs.count == 1, pairs[0].key.text == "file", let path = pairs[0].value.text {
                reference = path.isEmpty ? nil : .file(path)
            }
            if node.isUnresolved || node.mapping?.first?.value.isUnresolved == true { return nil }
            guard let reference else {
                let key = node.mapping?.first?.key.text
                let near = key.flatMap { $0 == "file" ? nil : nearestName($0, among: ["file"]) }
                reader.diagnosis.report(
                    file: reader.file, mark: node.mark,
                    "\(node.isNull ? "an empty entry" : node.kindText) names no input",
                    remedy: near.map { "did you mean '{\($0): PATH}'?" } ?? "write STAGE, JOB/STAGE or {file: PATH}")
                return nil
            }
            return JobManifest.Need(reference: reference, mark: node.mark)
        }
    }
}
