import CommandKit

/// What users call. It loads no library that computes: whatever computes is `jdnas-stage`'s.
let userProgram = Program(
    name: "jdnas",
    summary: "jdnas searches a better detector: architecture, pruning and teacher together, as jobs in a spool.",
    details: """
        The spool is --spool DIR, else $JDNAS_SPOOL, else ./spool.
        Exit codes: 0 fine, 1 a problem was found, 2 the command line was not understood.
        """,
    commands: [
        SubmitCommand(), RunnerCommand(), ListCommand(), ShowCommand(), LogsCommand(), WaitCommand(), CancelCommand(),
        HoldCommand(), ReleaseCommand(), PriorityCommand(), RetryCommand(), PauseCommand(), ResumeCommand(),
        DrainCommand(), DoctorCommand(), RetentionCommand(), StatusCommand(), PlanCommand(),
        Forwarded("validate", "check job manifests: everything that is wrong, with file, line and remedy"),
        Forwarded("schema", "print the JSON Schema of job manifests, for editors"),
        BundleVerifyCommand(), BundleListCommand(), BundleShowCommand(), BundleUnpackCommand(), CollectCommand(),
        Forwarded("plugins", "list stage and backbone plugins with their options"),
        Forwarded("evaluate", "COCO's average precision of a detections file, as pycocotools computes it"),
        Forwarded("detect", "find objects in pictures"),
        Forwarded("export", "write a detector as an ONNX model, from image to boxes"),
        Forwarded("import", "bring a Faster R-CNN with FPN that torchvision trained: a .pth or .safetensors file"),
        Forwarded("morph", "change a detector's architecture; its weights are inherited"),
        Forwarded("compare", "two detectors side by side: blocks, widths, costs, predicted and measured latency"),
        Forwarded("lineage", "how a search's student came about, from the base on"),
        Forwarded("search explain", "why a search's student is the student, and what was dropped"),
        Forwarded("report compare", "compare searches of several modes, in pairs over the bases that they share"),
        Forwarded("pool list", "list the teachers of a pool"),
        Forwarded("pool show", "show a pool's card and in what its teachers differ, or one teacher's architecture"),
        Forwarded("pool extract", "take a teacher out of a pool, as a detector of its own"),
        Forwarded("synth", "draw a synthetic data set in COCO's layout"),
    ])
