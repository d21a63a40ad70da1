import Basics
import Foundation

/// A manifest and the files that it includes, each before what includes it.
///
/// A file counts once, however often it is included. Depth, number and size are bounded.
struct ManifestParts {
    enum Limit {
        static let depth = 8
        static let files = 100
    }

    /// The included files' mappings, and the manifest's last of all.
    private(set) var parts: [YAMLNode] = []
    private(set) var included: [IncludedFile] = []
    private let context: ManifestContext
    private let diagnosis: Diagnosis
    private var seen: Set<String> = []
    private var bytes = 0
    /// From the manifest to the file that is being read: names for messages, and paths to find cycles by.
    private var chain: [(name: String, path: String)]

    init(root: YAMLNode, file: String, context: ManifestContext, diagnosis: Diagnosis) {
        self.context = context
        self.diagnosis = diagnosis
        chain = [(file, context.url.map(ManifestParts.path) ?? "")]
        collect(root)
    }

    /// Takes in what a file includes, then the file.
    private mutating func collect(_ node: YAMLNode) {
        // What is no list of texts the reader of the file's keys tells.
        for entry in node["include"]?.sequence ?? [] where entry.text != nil && !entry.isNull { include(entry) }
        parts.append(node)
    }

    private mutating func include(_ entry: YAMLNode) {
        let name = entry.text ?? ""
        func report(_ message: String, _ remedy: String?) {
            diagnosis.report(file: chain[0].name, mark: entry.mark, message, remedy: remedy)
        }
        if name.contains("${") {
            return report(
                "variables cannot be used in 'include'",
                "write the path out: variables are known only when all files have been read")
        }
        if let problem = pathProblem(name, base: context.base, directory: false) {
            return report(problem.message, problem.remedy)
        }
        let path = ManifestParts.path(resolve(name, base: context.base))
        if let start = chain.firstIndex(where: { $0.path == path }) {
            let cycle = (chain[start...].map(\.name) + [name]).joined(separator: " → ")
            return report("these files include each other: \(cycle)", "remove one of these includes")
        }
        guard seen.insert(path).inserted else { return }
        if chain.count > Limit.depth {
            return report("files are included more than \(Limit.depth) deep", "include this file further up")
        }
        if seen.count > Limit.files {
            return report("more than \(Limit.files) files are included", "write them into fewer files")
        }
        chain.append((name, path))
        defer { chain.removeLast() }
        do {
            let data = try YAMLFile.read(URL(filePath: path))
            bytes += data.count
            guard bytes <= YAMLNode.Limit.bytes else {
                return report(
                    "the included files have more than \(YAMLNode.Limit.bytes) bytes",
                    "check that these are the files you meant")
            }
            let node = try YAMLNode(parsing: data, file: name)
            guard node.mapping != nil else {
                diagnosis.report(
                    file: name, mark: node.mark, "an included file is a mapping, not \(node.kindText)",
                    remedy: "start with 'variables:' or 'stages:'")
                return
            }
            included.append(IncludedFile(file: name, sha256: Digest(of: data)))
            let reader = ConfigReader(node, file: name, baseDirectory: context.base, diagnosis: diagnosis)
            SharedKeys.check(reader)
            collect(node)
        } catch let problems as Diagnostics {
            diagnosis.report(problems)
        } catch {
            let failure = error as? Failure
            report("'\(shown(name))': \(failure?.what ?? "\(error)")", failure?.remedy)
        }
    }

    /// A path that is the same for the same file.
    private static func path(_ url: URL) -> String { url.resolvingSymlinksInPath().path }
}

/// The keys that included files may have as well.
enum SharedKeys {
    static func read(_ reader: ConfigReader) {
        _ = reader.optionalStrings(
            "include", help: "files whose variables and stages are taken in before the manifest's own")
        _ = reader.mapping("variables", shape: .scalars, help: "names for values, which stand where ${NAME} does")
    }

    /// Reports what is wrong with an included file's keys. What is wrong in its stages is told when these are read.
    static func check(_ reader: ConfigReader) {
        read(reader)
        let key = Key(name: "stages", shape: .mappings, required: false, help: "")
        if let node = reader.lookup(key), node.sequence == nil { reader.wrongType(key, node) }
        reader.finish()
    }
}
