// swift-tools-version: 6.2
import PackageDescription

// Strict everywhere: Swift 6 language mode, every import internal unless said otherwise, every warning an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A module of the framework, in `Sources/<name>`.
func module(_ name: String, _ dependencies: String...) -> Target {
    .target(name: name, dependencies: dependencies.map { .byName(name: $0) }, swiftSettings: strict)
}

/// A stage or backbone plugin, in `Plugins/<name>`; `Sources/jdnas-stage/Catalog.swift` registers it.
func plugin(_ name: String, _ dependencies: String...) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, path: "Plugins/\(name)",
        swiftSettings: strict)
}

/// The tests of a module or plugin, in `Tests/<name>Tests`; `TestSupport` is what they share.
func tests(_ name: String, _ dependencies: String...) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: (dependencies + ["TestSupport"]).map { .byName(name: $0) },
        path: "Tests/\(name)Tests", exclude: [], resources: nil, swiftSettings: strict)
}

let fastC: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=fast-honor-pragmas", "-Wall", "-Werror"])]

let package = Package(
    name: "jdnas",
    products: [
        .executable(name: "jdnas", targets: ["jdnas"]),
        .executable(name: "jdnas-stage", targets: ["jdnas-stage"]),
    ],
    targets: [
        // System libraries and C shims.
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CSPNG", pkgConfig: "spng", providers: [.apt(["libspng-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev", "libopenblas-openmp-dev"])]),
        .target(name: "CLinux", cSettings: fastC),
        .target(name: "CKernels", cSettings: fastC, linkerSettings: [.linkedLibrary("gomp")]),
        .target(
            name: "COneDNN", cxxSettings: [.unsafeFlags(["-O2", "-Wall", "-Werror"])],
            linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("stdc++")]),

        // Below both columns.
        module("Basics", "CCrypto"),
        module("Pages", "Basics"),

        // Jobs: these know nothing of machine learning.
        module("Archive", "Basics", "CArchive"),
        module("Manifest", "Basics", "CYAML"),
        module("Spool", "Basics", "CLinux"),
        module("Bundles", "Basics", "Archive"),
        module("Processes", "Basics", "CLinux"),
        module("StageKit", "Basics", "Manifest", "Spool", "Archive", "Bundles", "Processes"),
        // Its tests look at the parts of a page, in release builds too.
        .target(
            name: "StatusPage", dependencies: ["Basics", "Manifest", "Spool", "Pages"],
            swiftSettings: strict + [.unsafeFlags(["-enable-testing"])]),
        module(
            "Runner", "Basics", "Archive", "Manifest", "Spool", "StageKit", "Bundles", "Processes", "StatusPage",
            "CLinux"),

        // What command lines are made of.
        module("CommandKit", "Basics"),

        // Detection: these know nothing of jobs.
        module("Images", "Basics", "CTurboJPEG", "CSPNG"),
        module("COCOMetrics", "Basics"),
        module("Dataset", "Basics", "Archive", "Images"),
        module("Synth", "Basics", "Images", "Dataset"),
        // What a device offers, and the devices that there are.
        module("Devices"),
        // Debian chooses a variant of OpenBLAS at run time; the rpath keeps to the one whose threads are OpenMP's.
        .target(
            name: "CPU", dependencies: ["Devices", "CKernels", "COneDNN", "COpenBLAS"], swiftSettings: strict,
            linkerSettings: [
                .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "/usr/lib/x86_64-linux-gnu/openblas-openmp"])
            ]),
        module("Tensor", "Basics", "Devices", "CPU"),
        module("Models", "Basics", "Archive", "Tensor"),
        module("DetectorKit", "Basics", "Tensor"),
        module("Detection", "Basics", "Tensor", "DetectorKit"),
        module("ONNX", "Basics", "Tensor", "DetectorKit", "Detection"),
        module(
            "Training", "Basics", "Devices", "Tensor", "DetectorKit", "Detection", "Dataset", "Images", "COCOMetrics",
            "Models"),
        module(
            "Search", "Basics", "Tensor", "DetectorKit", "Detection", "Training", "Dataset", "Images", "COCOMetrics",
            "Models"),
        module("ModelImport", "Basics", "Dataset", "Tensor", "Models", "DetectorKit", "Detection", "Training"),
        module("Report", "Pages"),
        // For the tests of stage plugins.
        module("StageConformance", "Basics", "Archive", "Manifest", "Spool", "StageKit"),
        // For the tests of backbone plugins.
        module("BackboneConformance", "Basics", "Devices", "Tensor", "DetectorKit", "Search", "ONNX"),

        // Where jobs and detection meet, beside the plugins.
        module("Forecasts", "Basics", "StageKit", "Dataset", "DetectorKit", "Training"),
        module("TrainingOptions", "Manifest", "Devices", "Tensor", "Detection", "Training", "Search"),

        // Plugins.
        plugin("ResNet", "Basics", "DetectorKit"),
        plugin("MobileNetV3", "Basics", "DetectorKit"),
        plugin("InvertedResNet", "Basics", "DetectorKit"),
        plugin("DatasetPack", "Basics", "Manifest", "StageKit", "Forecasts", "Dataset", "Images", "Synth"),
        plugin(
            "Train", "Basics", "Manifest", "StageKit", "Forecasts", "Devices", "Dataset", "Tensor", "DetectorKit",
            "Detection",
            "Training",
            "TrainingOptions", "Models", "ModelImport", "COCOMetrics"),
        plugin(
            "Morph", "Basics", "Manifest", "StageKit", "Forecasts", "Devices", "Dataset", "Tensor", "DetectorKit",
            "Detection",
            "Training", "Search", "TrainingOptions", "Models"),
        plugin(
            "TeacherPool", "Basics", "Manifest", "StageKit", "Forecasts", "Devices", "Dataset", "Tensor", "DetectorKit",
            "Detection",
            "Training", "Search", "TrainingOptions", "Models", "COCOMetrics"),
        plugin(
            "ExtractTeacher", "Basics", "Manifest", "StageKit", "Forecasts", "Devices", "Dataset", "Tensor",
            "DetectorKit",
            "Detection",
            "Training", "Search"),
        plugin(
            "JointSearch", "Basics", "Manifest", "StageKit", "Forecasts", "Devices", "Dataset", "Tensor", "DetectorKit",
            "Detection",
            "Training", "Search", "TrainingOptions", "Models", "COCOMetrics"),
        plugin(
            "Evaluate", "Basics", "Manifest", "StageKit", "Forecasts", "Devices", "Dataset", "Images", "Tensor",
            "DetectorKit",
            "Detection",
            "Training", "Search", "TrainingOptions", "Models", "COCOMetrics", "Report"),

        plugin("CompareModes", "Basics", "Manifest", "StageKit", "Search", "Report"),

        // Programs.
        .executableTarget(
            name: "jdnas",
            dependencies: ["Basics", "CommandKit", "Spool", "Manifest", "Bundles", "StageKit", "StatusPage", "Runner"],
            swiftSettings: strict),
        .executableTarget(
            name: "jdnas-stage",
            dependencies: [
                "Basics", "CommandKit", "Manifest", "StageKit", "Archive", "Bundles", "Devices", "Tensor",
                "DetectorKit", "Detection", "Training", "Search", "ONNX", "ModelImport", "Dataset", "Images", "Synth",
                "COCOMetrics", "Report",
                "ResNet", "MobileNetV3", "InvertedResNet", "DatasetPack", "Train", "Morph", "TeacherPool",
                "ExtractTeacher", "JointSearch", "Evaluate", "CompareModes",
            ],
            swiftSettings: strict),

        // What is measured, and against whom.
        .executableTarget(
            name: "jdnas-bench",
            dependencies: [
                "Basics", "CommandKit", "COCOMetrics", "Devices", "Tensor", "Models", "DetectorKit", "Detection",
                "Training", "Search", "Images", "InvertedResNet", "MobileNetV3", "ResNet",
            ],
            path: "Benchmarks/jdnas-bench", swiftSettings: strict),

        // Tests mirror Sources and Plugins.
        .target(name: "TestSupport", dependencies: ["Basics"], path: "Tests/TestSupport", swiftSettings: strict),
        // Feeds damaged files to the readers of foreign ones (`make fuzz`).
        .executableTarget(
            name: "jdnas-fuzz", dependencies: ["Basics", "CommandKit", "Manifest", "Archive", "TestSupport"],
            path: "Tests/jdnas-fuzz", swiftSettings: strict),
        // What `scripts/new-backbone` writes, under another name.
        .target(
            name: "SampleBackbone", dependencies: ["Basics", "DetectorKit"], path: "Tests/SampleBackbone",
            swiftSettings: strict),
        tests("SampleBackbone", "SampleBackbone", "BackboneConformance"),
        // What `scripts/new-stage` writes, under another name.
        .target(
            name: "SampleStage", dependencies: ["Basics", "Manifest", "StageKit", "Dataset", "Images"],
            path: "Tests/SampleStage", swiftSettings: strict),
        tests("SampleStage", "SampleStage", "StageConformance", "Manifest", "StageKit", "Dataset", "Images", "Basics"),
        tests("Basics", "Basics"),
        tests("Archive", "Archive", "Basics"),
        tests("Manifest", "Manifest", "Basics"),
        tests("Spool", "Spool", "Basics", "CLinux"),
        tests("Bundles", "Bundles", "Archive", "Basics"),
        tests("StageKit", "StageKit", "Manifest", "Spool", "Bundles", "Archive", "Basics"),
        tests("CommandKit", "CommandKit"),
        tests("StatusPage", "StatusPage", "Pages", "Spool", "Images", "Basics"),
        tests("Runner", "Runner", "Manifest", "StageKit", "Spool", "Bundles", "Archive", "Basics", "CLinux"),
        // Real runners and commands, killed at random (`make torture`).
        tests("Torture", "Manifest", "StageKit", "Spool", "Bundles", "Basics"),
        tests("Images", "Images", "Basics"),
        tests("COCOMetrics", "COCOMetrics", "Basics"),
        tests("Dataset", "Dataset", "Images", "Archive", "Basics"),
        tests("Synth", "Synth", "Dataset", "Images", "Basics"),
        tests("Tensor", "Tensor", "Devices", "CPU", "CKernels", "Basics"),
        tests("Models", "Models", "Tensor", "Basics"),
        tests("DetectorKit", "DetectorKit", "ResNet", "Tensor", "Devices", "Basics"),
        tests("Detection", "Detection", "DetectorKit", "ResNet", "Models", "Tensor", "Basics"),
        tests("ONNX", "ONNX", "Detection", "DetectorKit", "ResNet", "MobileNetV3", "Tensor", "Basics"),
        tests(
            "Training", "Training", "COCOMetrics", "Detection", "DetectorKit", "ResNet", "Dataset", "Images", "Synth",
            "Models", "Tensor", "Basics"),
        tests(
            "Search", "Search", "Training", "Detection", "DetectorKit", "ResNet", "MobileNetV3", "Dataset", "Synth",
            "Models", "Tensor", "Basics"),
        tests(
            "ModelImport", "ModelImport", "Dataset", "Models", "Training", "Detection", "DetectorKit", "ResNet",
            "Tensor", "Basics"
        ),
        tests("Report", "Report", "Images", "Basics"),
        tests(
            "BackboneConformance", "BackboneConformance", "Search", "ONNX", "DetectorKit", "ResNet", "Tensor", "Basics"),
        tests("StageConformance", "StageConformance", "StageKit", "Manifest", "Basics"),
        tests("MobileNetV3", "MobileNetV3", "BackboneConformance", "DetectorKit", "Basics"),
        tests("InvertedResNet", "InvertedResNet", "BackboneConformance", "DetectorKit", "Basics"),
        tests(
            "Plugins", "StageConformance", "StageKit", "Forecasts", "Manifest", "Dataset", "DatasetPack", "Train",
            "Morph",
            "TeacherPool", "ExtractTeacher", "JointSearch", "Evaluate", "CompareModes", "Synth", "Images",
            "DetectorKit", "ResNet",
            "Models", "Tensor", "Detection", "Search", "Training", "Basics"),
        tests(
            "Evaluate", "Evaluate", "StageKit", "Manifest", "Dataset", "Synth", "Detection", "DetectorKit", "ResNet",
            "Tensor", "Models",
            "Training", "Search", "COCOMetrics", "Report", "Basics"),
        tests(
            "Project", "Basics", "Manifest", "Spool", "Archive", "Bundles", "Tensor", "DetectorKit", "Detection",
            "ResNet",
            "Training", "Search", "Dataset", "Images", "StageKit", "SampleStage"),
    ],
    cxxLanguageStandard: .cxx17
)
