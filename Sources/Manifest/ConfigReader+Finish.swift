extension ConfigReader {
    /// Counts keys as known that are read under other values only, so that `finish()` doesn't call them unknown.
    public func know(_ keys: some Sequence<String>) {
        for key in keys where !state.read.contains(key) { state.read.append(key) }
    }

    /// Reports the keys that nobody read, here and in the nested mappings. Once; more calls do nothing.
    ///
    /// - Parameter options: what else may be read here, to tell under which value of another key. Asked for only if a key is
    ///   unknown.
    public func finish(describedBy options: () -> [OptionDescription] = { [] }) {
        guard !state.finished, state.recorder == nil else { return }
        state.finished = true
        for child in state.children { child.finish() }
        guard !state.takesAll, let pairs = state.node?.mapping else { return }
        let read = Set(state.read)
        let unknown = pairs.map(\.key).filter { !read.contains($0.text ?? "") }
        guard !unknown.isEmpty else { return }
        let there = Set(pairs.compactMap(\.key.text))
        let free = state.read.filter { !there.contains($0) }
        let described = options()
        for key in unknown {
            let name = key.text ?? ""
            func near() -> String? { nearestName(name, among: free) ?? nearestName(name, among: state.read) }
            diagnosis.report(
                file: file, mark: key.mark, "unknown key '\(shown(name))'",
                remedy: remedy(forUnknown: name, near: near(), described))
            // Not missing, but misspelt.
            if !diagnosis.isFull, let near = near(), let ticket = state.missing[near] { diagnosis.retract(ticket) }
        }
    }

    private func remedy(forUnknown name: String, near: String?, _ described: [OptionDescription]) -> String {
        if let when = described.first(where: { $0.key == name })?.when { return "it is read with '\(when)' only" }
        // Keys of mappings; what is the name of a file here is read elsewhere.
        let homes = described.map(\.key).filter { $0.hasSuffix(".\(name)") }.map { String($0.dropLast(name.count + 1)) }
            .filter { home in !home.hasSuffix("]") && (state.node?[home].map { $0.mapping != nil } ?? true) }
        if !homes.isEmpty { return "write it under \(homes.map { "'\($0)'" }.joined(separator: " or "))" }
        if let near { return "did you mean '\(near)'?" }
        let known = state.read.sorted().joined(separator: ", ")
        let remove = known.isEmpty ? "remove it; nothing is known here" : "remove it; known here: \(known)"
        return strangersBelong.map { "\(remove); \($0)" } ?? remove
    }
}
