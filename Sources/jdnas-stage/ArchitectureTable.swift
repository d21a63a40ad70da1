import DetectorKit

/// Architectures side by side, a column each.
enum ArchitectureTable {
    static func rows(of architectures: [DetectorArchitecture]) -> [[String]] {
        func row(_ name: String, _ value: (DetectorArchitecture) -> String) -> [String] {
            [name] + architectures.map(value)
        }
        func joined(_ widths: [Int]) -> String { widths.map(String.init).joined(separator: " ") }
        var rows = [
            row("backbone") { "\($0.backbone.plugin) (\($0.backbone.block)), \($0.backbone.norm.rawValue) norm" },
            row("input") { "\($0.input.shorter)x\($0.input.longer)" },
            row("stem") { "\($0.backbone.stem.width)" },
        ]
        for stage in 0..<(architectures.map(\.backbone.stages.count).max() ?? 0) {
            func value(_ architecture: DetectorArchitecture) -> BackboneArchitecture.Stage? {
                architecture.backbone.stages.indices.contains(stage) ? architecture.backbone.stages[stage] : nil
            }
            rows.append(
                row("stage\(stage + 1)") { value($0).map { "\($0.blocks.count) blocks, trunk \($0.width)" } ?? "" })
            let blocks = architectures.compactMap { value($0)?.blocks.count }.max() ?? 0
            for block in 0..<blocks {
                rows.append(
                    row("  block\(block + 1)") { architecture in
                        guard let stage = value(architecture), block < stage.blocks.count else { return "-" }
                        return describe(stage.blocks[block])
                    })
            }
        }
        if architectures.contains(where: { $0.backbone.top != nil }) {
            rows.append(row("top") { $0.backbone.top.map { "\($0.width)" } ?? "-" })
        }
        return rows + [
            row("neck") { "lateral \($0.neck.lateralWidth), output \($0.neck.outputWidth)" },
            row("proposal") { "\($0.proposalWidth)" }, row("head") { joined($0.headWidths) },
            row("proposals kept") { "\($0.selection.inference.afterNMS)" },
        ]
    }

    /// The inner widths, and what else a plugin's blocks differ in.
    private static func describe(_ block: BackboneArchitecture.Block) -> String {
        var parts = ["inner " + block.widths.map(String.init).joined(separator: " ")]
        if let kind = block.kind { parts.append(kind) }
        if let kernel = block.kernel { parts.append("\(kernel)x\(kernel)") }
        if let width = block.convolutionGroupWidth { parts.append("groups of \(width)") }
        if let activation = block.activation { parts.append(activation.rawValue) }
        return parts.joined(separator: ", ")
    }
}
