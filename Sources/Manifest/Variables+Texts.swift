extension Variables {
    /// - Parameter name: the variable whose value this is, nil for other texts.
    func expand(_ text: String, _ style: YAMLNode.Style, at mark: Mark, within name: String?) -> Value {
        let pieces = VariableText(text).pieces
        var result = ""
        var isBroken = false
        var whole: YAMLNode.Style?
        for piece in pieces {
            switch piece {
            case .literal(let literal): result += literal
            case .unterminated:
                report(
                    Place(mark, "${"), "a '${' is not closed", "close it with '}', or write '$${' for a literal '${'")
                isBroken = true
            case .reference(let reference):
                switch resolve(reference, at: Place(mark, "${\(reference)}"), within: name) {
                case .known(let text, let style):
                    result += text
                    whole = style
                case .broken: isBroken = true
                }
            }
            guard hasRoom(for: result, at: mark) else { return .broken }
        }
        bytes += result.utf8.count
        if isBroken { return .broken }
        guard let whole else { return .known(result, style) }
        return .known(result, pieces.count == 1 ? whole : .composed)
    }

    private func hasRoom(for text: String, at mark: Mark) -> Bool {
        guard bytes + text.utf8.count > Limit.bytes else { return true }
        if !isTooLarge {
            report(
                mark, "with its variables written out the manifest has more than \(Limit.bytes) bytes of them",
                "use fewer variables of variables")
        }
        isTooLarge = true
        return false
    }

    private func resolve(_ reference: String, at place: Place, within name: String?) -> Value {
        if reference.hasPrefix("env:") { return environment(String(reference.dropFirst(4)), at: place, within: name) }
        guard VariableText.isName(reference) else {
            report(
                place, "'${\(shown(reference))}' names no variable", "write '${NAME}', or '$${' for a literal '${'")
            return .broken
        }
        guard let target = definitions[reference] else {
            if let value = values[reference] { return value }
            report(
                place, "there is no variable '\(reference)'",
                nearestName(reference, among: order + Variables.builtIn).map { "did you mean '${\($0)}'?" }
                    ?? "define it under 'variables:', or write '$${' for a literal '${'")
            return .broken
        }
        if path.contains(reference) {
            let cycle = (path[(path.firstIndex(of: reference) ?? 0)...] + [reference]).joined(separator: " → ")
            report(
                place,
                reference == name
                    ? "'\(reference)' refers to itself" : "these variables refer to each other: \(cycle)",
                "write one of them out")
            return .broken
        }
        if let name, let own = definitions[name], own.part == target.part, own.position < target.position {
            report(
                place, "the variable '\(reference)' is defined later than '\(name)'",
                "move '\(reference)' above '\(name)'")
            return .broken
        }
        guard path.count < Limit.depth else {
            report(
                place, "variables refer to each other more than \(Limit.depth) deep", "write one of them out")
            return .broken
        }
        return value(of: reference)
    }

    private func environment(_ name: String, at place: Place, within variable: String?) -> Value {
        guard VariableText.isName(name, dash: false) else {
            report(place, "'${env:\(shown(name))}' names no variable of the environment", "write '${env:NAME}'")
            return .broken
        }
        guard let variable, !Variables.builtIn.contains(variable) else {
            report(
                place, "'${env:\(name)}' stands outside 'variables'",
                "write '\(name.lowercased()): \"${env:\(name)}\"' under 'variables:', and '${\(name.lowercased())}' here"
            )
            return .broken
        }
        guard let text = available[name] else {
            report(
                place, "the environment has no variable '\(name)'",
                nearestName(name, among: available.keys.sorted()).map { "did you mean '${env:\($0)}'?" }
                    ?? "set it (export \(name)=…), or write the value here")
            return .broken
        }
        environment[name] = text
        // A number or a truth value, where it looks like one.
        let node = YAMLNode(mark: place.mark, value: .scalar(text, .plain))
        return .known(text, node.plainDouble != nil || node.plainBool != nil ? .plain : .quoted)
    }

    /// Where a text stands, in the scalar that begins at a mark.
    private struct Place {
        let mark: Mark
        let text: String

        init(_ mark: Mark, _ text: String) {
            self.mark = mark
            self.text = text
        }
    }

    private func report(
        _ place: Place, _ message: @autoclosure () -> String, _ remedy: @autoclosure () -> String
    ) {
        // Looking for the place in a long line takes its time.
        let mark = diagnosis.isFull ? place.mark : place.mark.found(place.text)
        diagnosis.report(file: file, mark: mark, message(), remedy: remedy())
    }

    func report(_ mark: Mark, _ message: @autoclosure () -> String, _ remedy: @autoclosure () -> String) {
        diagnosis.report(file: file, mark: mark, message(), remedy: remedy())
    }
}

extension Mark {
    /// The place of a text in the rest of the line, not too far on; else this one.
    fileprivate func found(_ text: String) -> Mark {
        guard let source, let line = source.line(line) else { return self }
        let bytes = Array(text.utf8)
        var index = line.startIndex
        var column = 1
        while index < line.endIndex, column < self.column + 2000 {
            if column >= self.column, line[index...].starts(with: bytes) {
                return Mark(line: self.line, column: column, source: source)
            }
            repeat { index += 1 } while index < line.endIndex && line[index] & 0xC0 == 0x80
            column += 1
        }
        return self
    }
}
