public import Basics
import Manifest

/// The JSON Schema of job manifests, for editors, made of the same definitions that manifests are read with.
public enum ManifestSchema {
    /// Draft 2020-12.
    public static func json(_ catalog: StageCatalog) -> JSON {
        let keys = JobManifest.describedKeys
        let stages: JSON = [
            "type": ["array", "null"], "maxItems": 1000, "items": ["$ref": "#/$defs/stage"],
            "description": .string(keys.first { $0.key == "stages" }?.help ?? ""),
        ]
        var schema = keys.schema(refined: ["stages": stages]).object ?? [:]
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = "A job manifest of jdnas"
        schema["anyOf"] = [["required": ["stages"]], ["required": ["include"]]]
        var definitions: [String: JSON] = ["stage": stage(keys, catalog)]
        for plugin in catalog.plugins {
            var options = plugin.describedOptions.schema().object ?? [:]
            options["description"] = .string(plugin.summary)
            definitions[definition(plugin)] = .object(options)
        }
        schema["$defs"] = .object(definitions)
        return .object(schema)
    }

    private static func definition(_ plugin: any StagePlugin) -> String { "with-\(plugin.name)" }

    /// A stage, whose options are those of the plugin that it uses.
    private static func stage(_ keys: [OptionDescription], _ catalog: StageCatalog) -> JSON {
        let uses: JSON = [
            "description": .string(keys.first { $0.key == "stages[].uses" }?.help ?? ""),
            "anyOf": [
                ["enum": .array(catalog.names.map(JSON.string))], ["type": "string", "pattern": #"\$\{"#],
            ],
        ]
        var schema = keys.schema(below: "stages[].", refined: ["uses": uses]).object ?? [:]
        schema["allOf"] = .array(
            catalog.plugins.map { plugin in
                let needsOptions = plugin.describedOptions.schema()["required"] != nil
                let options: JSON = ["$ref": .string("#/$defs/\(definition(plugin))")]
                var then: [String: JSON] = [
                    "properties": ["with": needsOptions ? options : ["anyOf": [options, ["type": "null"]]]]
                ]
                if needsOptions { then["required"] = ["with"] }
                return [
                    "if": ["properties": ["uses": ["const": .string(plugin.name)]], "required": ["uses"]],
                    "then": .object(then),
                ]
            })
        return .object(schema)
    }

    /// The keys of jobs and stages as a reference in Markdown. Plugins' options have one of their own.
    public static var markdown: String {
        let keys = JobManifest.describedKeys
        let stagePrefix = "stages[]."
        return """
            # The keys of a manifest

            Written by `jdnas schema --markdown`. What stands under `with` is [the plugin's](plugins.md); how keys play together \
            tells [the manifest](manifest.md).

            ## The job

            \(OptionDescription.markdownTable(of: keys.filter { !$0.key.hasPrefix(stagePrefix) }))

            ## A stage

            \(OptionDescription.markdownTable(of: keys.filter { $0.key.hasPrefix(stagePrefix) }, without: stagePrefix))
            """
    }
}
