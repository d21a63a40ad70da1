import Foundation
import Testing

/// Each module imports only what stands below it (docs/design.md, "Layers").
@Suite struct LayeringTests {
    static let jobs: [String: Set<String>] = [
        "Basics": ["CCrypto"],
        "Pages": ["Basics"],
        "Archive": ["Basics", "CArchive"],
        "Manifest": ["Basics", "CYAML"],
        "Spool": ["Basics", "CLinux"],
        "Bundles": ["Basics", "Archive"],
        "Processes": ["Basics", "CLinux"],
        "StageKit": ["Basics", "Manifest", "Spool", "Archive", "Bundles", "Processes"],
        "StatusPage": ["Basics", "Manifest", "Spool", "Pages"],
        "Runner": [
            "Basics", "Manifest", "Spool", "Archive", "Bundles", "Processes", "StageKit", "StatusPage", "CLinux",
        ],
        "CommandKit": ["Basics"],
        // For the tests of stage plugins; no program has it.
        "StageConformance": ["Basics", "Archive", "Manifest", "Spool", "StageKit"],
    ]

    static let detection: [String: Set<String>] = [
        "Images": ["Basics", "CTurboJPEG", "CSPNG"],
        "COCOMetrics": ["Basics"],
        "Dataset": ["Basics", "Archive", "Images"],
        "Synth": ["Basics", "Images", "Dataset"],
        "Devices": [],
        // What lies behind the protocol: only here are the libraries and kernels of a device called.
        "CPU": ["Devices", "CKernels", "COneDNN", "COpenBLAS"],
        "Tensor": ["Basics", "Devices", "CPU"],
        "Models": ["Basics", "Archive", "Tensor"],
        "DetectorKit": ["Basics", "Tensor"],
        "Detection": ["Basics", "Tensor", "DetectorKit"],
        "ONNX": ["Basics", "Tensor", "DetectorKit", "Detection"],
        "Training": [
            "Basics", "Devices", "Tensor", "DetectorKit", "Detection", "Dataset", "Images", "COCOMetrics", "Models",
        ],
        "Search": [
            "Basics", "Tensor", "DetectorKit", "Detection", "Dataset", "Images", "COCOMetrics", "Models", "Training",
        ],
        "ModelImport": ["Basics", "Dataset", "Tensor", "Models", "DetectorKit", "Detection", "Training"],
        "Report": ["Basics", "Pages", "Images", "COCOMetrics"],
        // For the tests of backbone plugins; no program has it.
        "BackboneConformance": ["Basics", "Devices", "Tensor", "DetectorKit", "Search", "ONNX"],
    ]

    /// What reads training options for several stages knows both columns.
    static let between: [String: Set<String>] = [
        "Forecasts": ["Basics", "StageKit", "Dataset", "DetectorKit", "Training"],
        "TrainingOptions": ["Manifest", "Devices", "Tensor", "Detection", "Training", "Search"],
    ]

    /// No library that computes is loaded by the commands and the long-running runner.
    static let jdnas: Set = [
        "Basics", "CommandKit", "Spool", "Manifest", "Bundles", "StageKit", "StatusPage", "Runner",
    ]
    /// A stage knows the detection modules and StageKit, and neither the runner nor a backbone.
    static let stagePlugin = Set(detection.keys).union(between.keys).union(["Basics", "Manifest", "StageKit"])
    static let backbonePlugin: Set<String> = ["Basics", "DetectorKit"]
    /// The one place that imports plugins.
    static func jdnasStage(_ plugins: [String]) -> Set<String> {
        Set(plugins).union([
            "Report", "Basics", "CommandKit", "Manifest", "StageKit", "Archive", "Bundles", "Devices", "Tensor",
            "DetectorKit",
            "Detection",
            "Training", "Search", "ONNX", "ModelImport",
            "Dataset", "Images", "Synth", "COCOMetrics",
        ])
    }

    @Test func everyImportPointsDown() throws {
        let plugins = try Project.folders(in: "Plugins")
        let own = try Set(Project.folders(in: "Sources") + plugins)
        for name in try Project.folders(in: "Sources") {
            let imports = try imports(of: "Sources/\(name)")
            if imports.isEmpty { continue }
            let allowed =
                switch name {
                case "jdnas": Self.jdnas
                case "jdnas-stage": Self.jdnasStage(plugins)
                default:
                    try #require(
                        Self.jobs[name] ?? Self.detection[name] ?? Self.between[name],
                        "\(name) has no layer: add it to this test")
                }
            check(imports, own, allowed)
        }
        for name in plugins {
            let imports = try imports(of: "Plugins/\(name)")
            let isStage = imports.contains { $0.module == "StageKit" }
            check(imports, own, isStage ? Self.stagePlugin : Self.backbonePlugin)
        }
    }

    private func check(_ imports: [(module: String, place: String)], _ own: Set<String>, _ allowed: Set<String>) {
        for (module, place) in imports where own.contains(module) && !allowed.contains(module) {
            Issue.record("\(place): imports \(module), which does not stand below it")
        }
    }

    private func imports(of folder: String) throws -> [(module: String, place: String)] {
        let url = Project.root.appending(path: folder)
        let pattern =
            /^\s*(?:@\w+\s+)?(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|typealias)\s+)?(\w+)/
        var found: [(String, String)] = []
        for path in FileManager.default.subpaths(atPath: url.path) ?? [] where path.hasSuffix(".swift") {
            let text = try String(contentsOf: url.appending(path: path), encoding: .utf8)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if let match = line.firstMatch(of: pattern) {
                    found.append((String(match.1), "\(folder)/\(path):\(number + 1)"))
                }
            }
        }
        return found
    }
}
