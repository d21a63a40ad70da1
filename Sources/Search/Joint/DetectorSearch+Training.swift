import Basics
import DetectorKit
import Foundation
import Models
import Tensor
import Training

// What is done with a child: it inherits, is trained under its teacher, and is evaluated.
extension DetectorSearch {
    func trial(_ child: Candidate) throws -> Candidate {
        var child = child
        let parent = try requireCandidate(child.parent ?? 0)
        let (graph, start) = try inherit(&child, from: parent)
        let number = replay == nil ? "\(child.id) of \(budget)" : "\(child.id) again"
        let title = "candidate \(number) (\(child.move))"
        let job = StudentJob(
            name: "candidate-\(child.id)-training", tag: "candidate-\(child.id)", group: "candidates", title: title,
            plan: settings.trial,
            data: random.stream("data", child.generation), random: random.stream("candidate", child.id),
            teacher: settings.hasTeachers(generation: child.generation) ? child.teacher : nil)
        let (trained, precision) = try train(job, child, graph, start, overall: fraction)
        child.precision = precision
        child.losses = trained.losses.means
        child.weights = try digest(trained.weights)
        try requireSame(
            "candidate \(child.id)", child.weights, as: replay?.steps.first { $0.candidate == child.id }?.weights)
        weights[child.id] = trained.weights
        hooks.log(
            "\(title): AP \(tenths(100 * precision)), \(tenths(100 * child.latency / state.baseLatency)) % of the time")
        return child
    }

    /// A training of a student: a candidate's, or the last one.
    private struct StudentJob {
        /// What its state is called in a checkpoint.
        let name: String
        /// What its numbers are called, and those of all jobs like it.
        let tag: String
        let group: String
        let title: String
        let plan: TrainingPlan
        let data: RandomStream
        let random: RandomStream
        let teacher: TeacherChoice?
    }

    /// Trains a student under its teacher and evaluates it, from where an earlier attempt left off.
    ///
    /// - Parameter overall: the share of the search that is done when a share of this job is.
    private func train(
        _ job: StudentJob, _ student: Candidate, _ graph: DetectorGraph, _ start: NamedTensors,
        overall: (Double) -> Double
    ) throws -> (trained: StudentState, precision: Double) {
        hooks.log("\(job.title) under \(job.teacher.map { "teacher \($0)" } ?? "no teacher")")
        func saveIfDue(_ reached: StudentState) throws {
            guard hooks.isSaveDue() else { return }
            try save(job.name) { try reached.write(to: $0.appending(path: job.name)) }
        }
        let trained = try trainer.train(
            graph, start, neckOrigins: student.neckOrigins, teacher: job.teacher, plan: job.plan,
            data: job.data, random: job.random, resume: try resumed(job)
        ) { report, reached in
            try saveIfDue(reached)
            hooks.record(
                report.step,
                ["\(job.tag)/loss": report.loss].merging(
                    report.losses.map { ("\(job.tag)/\($0.key)", $0.value) }
                ) { $1 })
            try hooks.report(
                overall(0.9 * report.fraction), "\(job.title), epoch \(report.epoch) of \(job.plan.epochs)",
                ["loss": report.loss, "latency_ms": student.latency])
        }
        let precision = try trainer.evaluate(graph, trained.weights) { done in
            try saveIfDue(trained)
            try hooks.report(overall(0.9 + 0.1 * done), "\(job.title): evaluating", [:])
        }
        hooks.record(student.id, ["\(job.group)/ap": precision, "\(job.group)/latency_ms": student.latency])
        return (trained, precision)
    }

    private func resumed(_ job: StudentJob) throws -> StudentState? {
        guard let folder = hooks.resume()?.appending(path: job.name),
            FileManager.default.fileExists(atPath: folder.path)
        else { return nil }
        return try StudentState(from: folder, job.plan)
    }

    /// The child's weights by its actions, one after the other; importance scores go along.
    private func inherit(
        _ child: inout Candidate, from parent: Candidate
    ) throws -> (graph: DetectorGraph, weights: NamedTensors) {
        var graph = try graph(of: parent)
        guard var inherited = weights[parent.id] else {
            throw Failure("the weights of candidate \(parent.id) are gone", cause: .defect)
        }
        var importance = child.actions.isEmpty ? Importance() : try importance(of: parent)
        for (index, action) in child.actions.enumerated() {
            let morphed = try action.morph(
                graph, inherited, importance: importance,
                random.stream("candidate", child.id).stream("action", index), catalog)
            importance = importance.inherited(through: morphed.inheritance)
            child.neckOrigins = morphed.inheritance.origins(of: .neck).map { $0 < 0 ? -1 : child.neckOrigins[$0] }
            (graph, inherited) = (morphed.graph, morphed.weights)
        }
        return (graph, child.actions.isEmpty ? inherited : try trainer.settled(graph, inherited))
    }

    /// The last training, of the most precise student within the target, under its teacher.
    func finish() throws -> Outcome {
        let isResumed = state.chosen != nil
        let chosen = try requireCandidate(state.chosen ?? choose())
        if !isResumed {
            state.chosen = chosen.id
            try save("chosen")
        }
        let graph = try graph(of: chosen)
        var student = chosen
        var isTaken = false
        guard var final = weights[chosen.id] else {
            throw Failure("the weights of candidate \(chosen.id) are gone", cause: .defect)
        }
        if settings.finish.epochs > 0 {
            let job = StudentJob(
                name: "last-training", tag: "last-training", group: "student",
                title: "last training of candidate \(chosen.id)", plan: settings.finish,
                data: random.stream("data of the last training"), random: random.stream("last training"),
                teacher: settings.mode == .noDistillation ? nil : chosen.teacher)
            let (trained, precision) = try train(job, chosen, graph, final, overall: finishFraction)
            // Selection is the search split's, here too: a training that only harmed is not taken.
            if precision >= chosen.precision ?? 0 {
                isTaken = true
                final = trained.weights
                student.precision = precision
                student.losses = trained.losses.means
                student.weights = try digest(final)
            }
        }
        try requireSame("the student", student.weights, as: replay?.student)
        state.journal.append(try journalOfFinish(student, chosen, isTaken: isTaken).canonicalText)
        return Outcome(
            graph: graph, weights: final, student: student, base: state.known[0], state: state, table: model.table)
    }

    /// The most precise student within the target; the fastest of the front where none is.
    private func choose() -> Int {
        if let replay { return replay.steps.last?.candidate ?? 0 }
        let best = state.archive.best(within: target) ?? state.archive.front.last
        return best?.candidate ?? 0
    }

    private func journalOfFinish(_ student: Candidate, _ chosen: Candidate, isTaken: Bool) throws -> JSON {
        let line = try student.journalLine(
            seed: "last training", isOnFront: true, isTaught: isTaken && settings.mode != .noDistillation)
        guard case .object(var line) = line else {
            return .null
        }
        line["move"] = "last-training"
        // Whether it was better than what it started from.
        line["taken"] = .bool(isTaken)
        line["ap_before"] = chosen.precision.map { .number($0) } ?? .null
        return .object(line)
    }

    private func requireCandidate(_ id: Int) throws -> Candidate {
        guard let candidate = state.candidate(id) else {
            throw Failure("the search has lost candidate \(id)", cause: .defect)
        }
        return candidate
    }

    func digest(_ weights: NamedTensors) throws -> Digest { Digest(of: SafeTensors(weights).encoded()) }

    /// The share of all training that is done, when the candidate at work has come so far.
    func fraction(_ ofCandidate: Double) -> Double {
        let (trial, finish) = (Double(settings.trial.epochs), Double(settings.finish.epochs))
        let total = trial * Double(budget) + finish
        return total > 0 ? min(0.99, trial * (Double(trained) + ofCandidate) / total) : 0
    }

    private func finishFraction(_ done: Double) -> Double {
        let (trial, finish) = (Double(settings.trial.epochs), Double(settings.finish.epochs))
        let total = trial * Double(budget) + finish
        return total > 0 ? min(0.99, (total - finish * (1 - done)) / total) : 0.99
    }
}
