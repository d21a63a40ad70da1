import Basics
import CommandKit
import DetectorKit
import Foundation
import ModelImport

struct ImportCommand: Command {
    let name = "import"
    let summary = "bring a Faster R-CNN with FPN that torchvision trained: a .pth or .safetensors file"
    let options = [
        Option("--from", value: "FILE", "a state_dict, or a checkpoint that holds one"),
        Option("--out", value: "DIR", "the folder to make, for 'from:' of a train stage"),
        Option("--classes", value: "FILE", "names of the classes but the background, one a line, in order of labels"),
        Option("--norm", value: "KIND", "how the backbone's norms go on: frozen (default) or batch"),
        Option("--input", value: "SHORTERxLONGER", "the size that images are scaled to (default 800x1333)"),
        Option("--norm-epsilon", value: "E", "what the norms add to the variance in the file (default 1e-5)"),
    ]
    let details = "Nothing in the file is executed. docs/import.md says what is understood."

    func run(_ arguments: Arguments) throws -> Int32 {
        let source = try arguments.require("--from")
        let folder = URL(filePath: try arguments.require("--out")).standardizedFileURL
        let settings = try settings(arguments)
        try DetectorImport.requireNew(folder)
        let imported = try DetectorImport(from: URL(filePath: source).standardizedFileURL, settings, backboneCatalog)
        try imported.write(to: folder)
        let architecture = imported.architecture
        Terminal.print(
            "\(folder.path): a \(imported.preset) detector of \(architecture.classes) classes, "
                + "\(imported.parameterCount) parameters, norms \(architecture.backbone.norm), "
                + "input \(architecture.input.shorter)x\(architecture.input.longer)")
        return 0
    }

    private func settings(_ arguments: Arguments) throws -> DetectorImport.Settings {
        var settings = DetectorImport.Settings()
        if let text = arguments.value("--norm") {
            guard let norm = Norm(rawValue: text), norm != .group else {
                throw UsageError("'--norm' is frozen or batch, not '\(text)'", remedy: "give one of them")
            }
            settings.norm = norm
        }
        if let file = arguments.value("--classes") { settings.classNames = try classNames(file) }
        if let text = arguments.value("--input") {
            guard let match = text.wholeMatch(of: /(\d{1,4})x(\d{1,4})/), let shorter = Int(match.1),
                let longer = Int(match.2), shorter >= 32, (shorter...8192).contains(longer)
            else {
                throw UsageError(
                    "'--input' has the form SHORTERxLONGER, not '\(text)'",
                    remedy: "give two sides from 32 to 8192 such as 800x1333, the shorter one first")
            }
            settings.input = .init(shorter: shorter, longer: longer)
        }
        if let text = arguments.value("--norm-epsilon") {
            guard let epsilon = Float(text), epsilon >= 0, epsilon <= 0.1 else {
                throw UsageError("'--norm-epsilon' is a number from 0 to 0.1, not '\(text)'", remedy: "give 1e-5 or 0")
            }
            settings.normEpsilon = epsilon
        }
        return settings
    }

    private func classNames(_ file: String) throws -> [String] {
        guard let text = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else {
            throw Failure("this is no text file in UTF-8", at: file, remedy: "give a file with a class a line")
        }
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        if lines.last == "" { lines.removeLast() }
        for (index, line) in lines.enumerated() {
            guard !line.isEmpty, line.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
                throw Failure(
                    "the line is empty or has control characters", at: "\(file):\(index + 1)",
                    remedy: "give each class its name on a line")
            }
        }
        return lines
    }
}
