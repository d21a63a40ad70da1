import Basics

// What a search leaves on its way: checkpoints to go on from, with a journal for people.
extension DetectorSearch {
    func save(_ name: String) throws {
        state.spent = spent
        let earlier = hooks.resume()
        let journal = try journalSoFar()
        try hooks.save(name) { folder in
            try state.write(to: folder, journal: journal, weights: weights, table: model.table, earlier: earlier)
            try writePaused(to: folder, earlier: earlier)
            try executor.writeStates(to: folder)
            if local !== executor { try local.writeStates(to: folder) }
        }
    }

    /// Keeps the operators that were measured for a generation whose children are not settled yet: those are proposed, and counted,
    /// anew after an interruption.
    func saveWhileProposing() throws {
        guard let countsBefore else { return }
        let counts = (state.refused, state.duplicates)
        defer { (state.refused, state.duplicates) = counts }
        (state.refused, state.duplicates) = countsBefore
        try save("generation-\(state.generation)-proposing")
    }

    /// The journal's lines of children that were trained, in the given order.
    func journalLines(of children: [Candidate], front: [ParetoArchive.Point]) throws -> [String] {
        try children.map { child in
            try child.journalLine(
                seed: "candidate/\(child.id)", isOnFront: front.contains { $0.candidate == child.id },
                isTaught: settings.hasTeachers(generation: child.generation)
            ).canonicalText
        }
    }

    /// The journal with the generation at work, as if it ended now.
    private func journalSoFar() throws -> [String] {
        let children = state.evaluated.sorted { $0.id < $1.id }
        var archive = state.archive
        for child in children where child.divergence == nil { archive.insert(point(child)) }
        return try state.journal + journalLines(of: children, front: archive.front)
    }
}
