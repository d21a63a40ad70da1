import Basics
import CommandKit
import StageKit

/// For editors and for the reference: what a manifest may say, from the definitions that read it.
struct SchemaCommand: Command {
    let name = "schema"
    let summary = "print the JSON Schema of job manifests, for editors"
    let options = [Option("--markdown", "print the keys of jobs and stages as a reference in Markdown instead")]
    let details = """
        Put it beside your manifests ('jdnas schema > jdnas.schema.json'), and name it in their first line:
        # yaml-language-server: $schema=jdnas.schema.json
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        Terminal.print(
            arguments.has("--markdown") ? ManifestSchema.markdown : ManifestSchema.json(stageCatalog).prettyText)
        return 0
    }
}
