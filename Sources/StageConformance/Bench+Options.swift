import Basics
import Foundation
import Manifest
import StageKit

extension Bench {
    func checkOptions(_ found: inout Findings) throws {
        let options = try OptionLines(parsing: suite.options)
        checkDescription(&found)
        switch resolve(options) {
        case .failure(let problems):
            found.add("the options of the suite are refused: \(problems.list.map(Self.text).joined(separator: "; "))")
            return
        case .success(let stage): checkRoundTrip(stage.options, "the options of the suite", &found)
        }
        checkDefaults(options, &found)
        try checkWorkingDirectory(options, &found)
        checkUnknownKey(options, &found)
        checkWrongTypes(options, &found)
        for text in suite.refused { checkRefused(try OptionLines(parsing: text), text, options, &found) }
    }

    /// What lists and the reference of options say of the stage.
    private func checkDescription(_ found: inout Findings) {
        found.require(isLegalName(plugin.name), "'\(plugin.name)' is no name for 'uses:': a-z, 0-9, '.', '_', '-'")
        found.require(plugin.version >= 1, "its version is \(plugin.version)")
        found.require(isOneLine(plugin.summary), "its summary is not one line")
        for option in plugin.describedOptions where option.help.isEmpty {
            found.add("the option '\(option.key)' has no help")
        }
        for kind in Set(plugin.consumes.map(\.kind)) where plugin.consumes.count(where: { $0.kind == kind }) > 1 {
            found.add("it reads \(kind.rawValue) twice: one requirement says whether it takes several")
        }
    }

    /// Stages get their options as JSON: what that loses, a run does not know.
    private func checkRoundTrip(_ options: JSON, _ name: String, _ found: inout Findings) {
        func again(_ plugin: some StagePlugin) throws -> JSON { try decoded(options, by: plugin) }
        do {
            let copy = try again(plugin)
            found.require(
                copy.canonicalText == options.canonicalText,
                "\(name) change when they are read as JSON and written again: \(options.canonicalText) becomes "
                    + copy.canonicalText)
        } catch {
            found.add("\(name) cannot be read as JSON again: \(error)")
        }
    }

    private func decoded<Plugin: StagePlugin>(_ options: JSON, by plugin: Plugin) throws -> JSON {
        try JSON(encoding: options.decode(Plugin.Options.self))
    }

    /// Each key left out in its turn, and all: where a default steps in, it has to survive JSON too.
    private func checkDefaults(_ options: OptionLines, _ found: inout Findings) {
        let empty = options.keys.reduce(options) { $0.without($1) }
        for (name, lines) in [("the defaults", empty)]
            + options.keys.map({ ("the options without '\($0)'", options.without($0)) })
        {
            guard case .success(let stage) = resolve(lines) else { continue }
            checkRoundTrip(stage.options, name, &found)
        }
    }

    /// Manifests are read in one working directory, stages run in another.
    private func checkWorkingDirectory(_ options: OptionLines, _ found: inout Findings) throws {
        let here = try resolve(options).get()
        try surroundings.go(to: scratch.appending(path: "base").path)
        defer { try? surroundings.go(to: scratch.appending(path: "elsewhere").path) }
        let there = try? resolve(options).get()
        found.require(
            there?.options == here.options, "the options depend on the working directory: resolve paths with the reader"
        )
    }

    private func checkUnknownKey(_ options: OptionLines, _ found: inout Findings) {
        let key = "key-that-nobody-knows"
        let lines = options.setting(key, to: 1)
        let problems = diagnostics(of: lines)
        found.require(
            problems.contains { $0.line == JobText.line(of: key, in: lines) },
            "an unknown key is not refused at its place")
    }

    /// A list of lists of lists is no value of any option.
    private func checkWrongTypes(_ options: OptionLines, _ found: inout Findings) {
        var keys: [String] = []
        for option in plugin.describedOptions where option.type != "any value" {
            let key = String(option.key.prefix { $0 != "." && $0 != "[" })
            if !keys.contains(key) { keys.append(key) }
        }
        for key in keys {
            let lines = options.setting(key, to: [[[]]])
            checkReported(diagnostics(of: lines), at: [key], of: lines, "'\(key): [[[]]]'", &found)
        }
    }

    private func checkRefused(_ changes: OptionLines, _ text: String, _ options: OptionLines, _ found: inout Findings) {
        let lines = options.overlaid(by: changes)
        // What was left out has no place of its own.
        let isMissing = changes.pairs.contains { $0.value.isNull }
        checkReported(
            diagnostics(of: lines), at: isMissing ? nil : changes.keys, of: lines,
            "'\(text.split(separator: "\n").joined(separator: ", "))'", &found)
    }

    /// - Parameter keys: the problem is told at one of them, or in a file that one names; nil: anywhere.
    private func checkReported(
        _ problems: [Diagnostic], at keys: [String]?, of options: OptionLines, _ name: String, _ found: inout Findings
    ) {
        guard !problems.isEmpty else {
            found.add("\(name) is taken")
            return
        }
        if let keys {
            let places = keys.compactMap { JobText.line(of: $0, in: options) }
            found.require(
                problems.contains { $0.file != JobText.file || places.contains($0.line) },
                "\(name) is not refused at its place, but: \(problems.map(Self.text).joined(separator: "; "))")
        }
        for problem in problems where problem.remedy?.isEmpty ?? true {
            found.add("\(name) is refused without a remedy: \(problem.message)")
        }
    }

    private func diagnostics(of options: OptionLines) -> [Diagnostic] {
        if case .failure(let problems) = resolve(options) { return problems.list }
        return []
    }

    private static func text(_ problem: Diagnostic) -> String { "\(problem)".replacing("\n", with: ";") }
}

/// Whether a text is one line that shows something.
func isOneLine(_ text: String) -> Bool {
    !text.allSatisfy(\.isWhitespace)
        && !text.unicodeScalars.contains {
            $0.properties.generalCategory == .control || $0 == "\u{2028}" || $0 == "\u{2029}"
        }
}
