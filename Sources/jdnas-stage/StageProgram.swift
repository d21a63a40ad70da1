import CommandKit

/// Everything that computes. Users call `jdnas`, which starts this program for them.
let stageProgram = Program(
    name: "jdnas",
    summary: "jdnas-stage: the program that computes for jdnas",
    commands: [
        RunCommand(), WorkCommand(), ValidateCommand(), ForecastCommand(), SchemaCommand(), PluginsCommand(),
        EvaluateCommand(),
        DetectCommand(),
        ExportCommand(),
        ImportCommand(), MorphCommand(), CompareCommand(), LineageCommand(), ExplainCommand(), ReportCompareCommand(),
        PoolListCommand(),
        PoolShowCommand(), PoolExtractCommand(), SynthCommand(),
    ])
