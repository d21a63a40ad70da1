import Basics
import DetectorKit
public import Foundation
import Tensor
import Training

// A generation's trainings. Where the search halves, all children are trained to a share of their plan, the worse half stops,
// and the others go on (successive halving, Jamieson and Talwalkar, AISTATS 2016).
extension DetectorSearch {
    /// Trains and evaluates the generation's children; whoever is done is in `state.evaluated` then.
    func trainGeneration() throws {
        let shares = replay == nil ? settings.trialShares : [1]
        while state.rung < shares.count {
            let share = shares[state.rung]
            let done = Set((state.evaluated + state.standings).map(\.id))
            let waiting = state.proposals.filter { !done.contains($0.id) }
            var underway: [Int: Double] = [:]
            // What each one has when its training begins: it inherits only then.
            var begun: [Int: Candidate] = [:]
            try executor.run(waiting.count) { index in
                var child = waiting[index]
                // A replay's candidate was trained as far as it had been.
                if replay == nil { child.share = share }
                let trial = try trial(&child)
                begun[index] = child
                return trial
            } observe: { index, progress in
                guard let child = begun[index] else { return }
                underway[child.id] = progress.fraction(share: child.share)
                try observe(progress, of: child, underway: underway)
            } finished: { index, outcome in
                guard let child = begun.removeValue(forKey: index) else { return }
                underway[child.id] = nil
                try finish(child, outcome, isLast: state.rung == shares.count - 1)
            } interrupted: {
                try save("interrupted")
            }
            if state.rung < shares.count - 1 { try stopHopeless() }
            state.rung += 1
        }
    }

    /// How a child is trained: from what it inherits, or from where it left off.
    private func trial(_ child: inout Candidate) throws -> Trial {
        let name = Self.trainingName(child.id)
        let paused = try paused(child.id)
        let graph: DetectorGraph
        let start: NamedTensors
        if let paused {
            (graph, start) = (try self.graph(of: child), paused.weights)
        } else {
            (graph, start) = try inherit(&child, from: try requireCandidate(child.parent ?? 0))
        }
        let trial = Trial(
            name: name, title: title(of: child), graph: graph, start: start,
            state: try resumed(name, settings.trial, title: title(of: child)) ?? paused, neckOrigins: child.neckOrigins,
            teacher: settings.hasTeachers(generation: child.generation) ? child.teacher : nil, plan: settings.trial,
            share: child.share, data: random.stream("data", child.generation),
            random: random.stream("candidate", child.id))
        hooks.log("\(trial.title) under \(trial.teacher.map { "teacher \($0)" } ?? "no teacher")")
        return trial
    }

    private func title(of child: Candidate) -> String {
        "candidate \(child.id)\(replay == nil ? outOf : " again") (\(child.move))"
    }

    private func observe(_ progress: TrialProgress, of child: Candidate, underway: [Int: Double]) throws {
        if hooks.isSaveDue() { try save(Self.trainingName(child.id)) }
        try tell(
            progress, of: child, title: "generation \(child.generation), \(title(of: child))",
            tag: "candidate-\(child.id)", epochs: settings.trial.epochs, overall: fraction(underway))
    }

    /// A child's training has come to its end, or to this rung's.
    private func finish(_ child: Candidate, _ outcome: TrialOutcome, isLast: Bool) throws {
        var child = child
        child.take(outcome)
        try requireSame(
            "candidate \(child.id)", child.weights, as: replay?.steps.first { $0.candidate == child.id }?.weights)
        let relative = tenths(100 * child.latency / state.baseLatency)
        let extent = isLast ? "" : " after \(tenths(100 * child.share)) % of its training"
        let finding = child.divergence ?? "AP \(tenths(100 * outcome.precision))\(extent)"
        hooks.log("\(title(of: child)): \(finding), \(relative) % of the time")
        if isLast {
            record(child)
            state.evaluated.append(child)
            weights[child.id] = outcome.state.weights
            halted[child.id] = nil
        } else {
            state.standings.append(child)
            halted[child.id] = outcome.state
            // What it inherited is not looked up again.
            for index in state.proposals.indices where state.proposals[index].id == child.id {
                state.proposals[index].neckOrigins = child.neckOrigins
            }
        }
        hooks.look(state)
        try save("candidate-\(child.id)")
        releaseHalted(child.id)
    }

    /// The rung's end: the worse half has had its training. Better is who fewer siblings beat in both precision and latency, being
    /// faster than asked for counting as nothing; of equals, the more precise.
    private func stopHopeless() throws {
        let points = state.standings.map { point($0).slowed(to: asked) }
        let ranked = zip(state.standings, points).map { child, own in
            (child: child, beaten: points.count { $0.dominates(own) })
        }.sorted {
            // One that diverged may be the fastest, which nobody beats.
            let diverged = ($0.child.divergence != nil, $1.child.divergence != nil)
            if diverged.0 != diverged.1 { return diverged.1 }
            return ($0.beaten, -($0.child.precision ?? 0), $0.child.latency, $0.child.id)
                < ($1.beaten, -($1.child.precision ?? 0), $1.child.latency, $1.child.id)
        }
        // Who diverged would do so again; but somebody has to go on.
        let healthy = state.standings.count { $0.divergence == nil }
        let staying = min((ranked.count + 1) / 2, max(1, healthy))
        for (child, _) in ranked.dropFirst(staying) {
            hooks.log("\(title(of: child)) stops here: the better half of its generation goes on")
            // What it learnt is in the state that it stopped with, which the next checkpoint has as its weights.
            if let stopped = try paused(child.id) { weights[child.id] = stopped.weights }
            halted[child.id] = nil
            record(child)
            state.evaluated.append(child)
        }
        state.standings = []
    }

    private func record(_ child: Candidate) {
        hooks.record(
            child.id, ["candidates/ap": child.precision ?? 0, "candidates/latency_ms": child.latency])
    }

    // MARK: States between the parts of a training

    static func trainingName(_ id: Int) -> String { "candidate-\(id)-training" }

    /// What a checkpoint has need not be held: with its momentum a state is twice the weights.
    func releaseHalted(_ id: Int) {
        if let folder = hooks.resume(), let rung = waitingAfter[id],
            StudentState.isThere(folder.appending(path: pauseName(id, rung: rung)))
        {
            halted[id] = nil
        }
    }

    /// The rung that a child of the generation, or a finalist, waits after, by candidate.
    private var waitingAfter: [Int: Int] {
        if let finals = state.finals { return finals.waitingAfter }
        var after: [Int: Int] = [:]
        for child in state.standings { after[child.id] = state.rung }
        let known = Set((state.evaluated + state.standings).map(\.id))
        if state.rung > 0 {
            for child in state.proposals where !known.contains(child.id) { after[child.id] = state.rung - 1 }
        }
        return after
    }

    private func pauseName(_ id: Int, rung: Int) -> String {
        "\(state.finals == nil ? "candidate" : "finalist")-\(id)-rung-\(rung)"
    }

    /// Where a student stands that waits for the next part of its training.
    func paused(_ id: Int) throws -> StudentState? {
        if let state = halted[id] { return state }
        guard let rung = waitingAfter[id], let folder = hooks.resume() else { return nil }
        let plan = state.finals == nil ? settings.trial : settings.finish
        return try StudentState(from: folder.appending(path: pauseName(id, rung: rung)), plan)
    }

    /// Puts the waiting students' states into a checkpoint; those that an earlier one has are linked.
    func writePaused(to folder: URL, earlier: URL?) throws {
        for (id, rung) in waitingAfter.sorted(by: { $0.key < $1.key }) {
            let name = pauseName(id, rung: rung)
            if let old = earlier?.appending(path: name), try linkFolder(old, to: folder.appending(path: name)) {
                continue
            }
            try halted[id]?.write(to: folder.appending(path: name))
        }
    }
}

/// Puts a folder's files into a new one, by links where that can be; false where there is no such folder.
public func linkFolder(_ old: URL, to new: URL) throws -> Bool {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: old.path) else { return false }
    try FileManager.default.createDirectory(at: new, withIntermediateDirectories: true)
    for name in names {
        let (from, to) = (old.appending(path: name), new.appending(path: name))
        do { try FileManager.default.linkItem(at: from, to: to) } catch {
            try FileManager.default.copyItem(at: from, to: to)
        }
    }
    return true
}
