import Basics
import DetectorKit
import Tensor

// Which of several drawn students is worth a training.
extension DetectorSearch {
    /// How many children are drawn for one that is trained.
    func draws(of move: String) -> Int { move == Self.trainingMove ? 1 : settings.drawsPerChild }

    /// Of some drawn children of one parent, within one limit, the one that inherits the most: whose loss before any training is the
    /// least. What a cut destroys decides how far a short training comes, and looking costs less than that training.
    ///
    /// - Parameter others: who is there already; one of them only where nothing else is drawn.
    func strongest(
        _ draws: Int, besides others: [Candidate], _ draw: () throws -> Candidate?
    ) throws -> Candidate? {
        var found: [Candidate] = []
        var known: Candidate?
        for _ in 0..<draws {
            guard let child = try draw() else { continue }
            if others.contains(where: child.isSame) {
                known = child
            } else if !found.contains(where: child.isSame) {
                found.append(child)
            }
        }
        guard found.count > 1 else { return found.first ?? known }
        func report() throws { try reportProposing("looking at what students inherit") }
        let losses = try found.map { child -> Double in
            try report()
            var heir = child
            let (graph, weights) = try inheritUnsettled(&heir, from: requireCandidate(child.parent ?? 0))
            let loss = try trainer.loss(
                graph, weights, random.stream("draws", state.generation), progress: report)
            return loss.isFinite ? loss : .infinity
        }
        return zip(found, losses).min { $0.1 < $1.1 }?.0
    }
}

extension Candidate {
    /// Whether both are the same student of one parent, under the same teacher.
    func isSame(as other: Candidate) -> Bool {
        parent == other.parent && teacher == other.teacher && architecture == other.architecture
    }
}
