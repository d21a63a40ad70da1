import Basics
import DetectorKit
import Tensor
import Training

// How a generation's children come about: parents by crowding distance, moves by the bandit, cuts to the limit.
extension DetectorSearch {
    /// This generation's children, not trained yet. Empty when nothing within the limit is left to try.
    ///
    /// - Parameter orDeepest: whether children that miss the limit will do, if they are cut as deep as can be.
    func propose(orDeepest: Bool = false) throws -> [Candidate] {
        let generation = state.generation
        let limit = limit(generation: generation) * state.baseLatency
        let parents = parents(for: generation)
        var children: [Candidate] = []
        var pending: [String: Int] = [:]
        var pendingTeachers: [String: Int] = [:]
        var siblings: [Int: Int] = [:]
        let strategy = settings.chosenStrategy
        let wanted = min(settings.childrenPerGeneration, settings.candidates - trained)
        for attempt in 0..<max(16, wanted * 4) where children.count < wanted {
            var draw = random.stream("generation", generation).stream("child", attempt)
            let parent = strategy.parent(attempt, among: parents, state, pending: siblings, &draw)
            // Trained twice from the same weights on the same batches it would be the same student.
            if settings.phase(generation: generation) == .distillation, siblings[parent.id] != nil {
                siblings[parent.id, default: 0] += 1
                continue
            }
            let moves = try moves(for: parent, besides: children, limit: limit)
            guard let move = strategy.move(among: moves, state, pending: pending, &draw) else { break }
            // Refused or not: what cannot be had must not be asked for over and over.
            pending[move, default: 0] += 1
            siblings[parent.id, default: 0] += 1
            let id = state.known.count + children.count
            // Training the same student on is another training each time.
            let others = move == Self.trainingMove ? [] : state.known + children
            let child = try strongest(draws(of: move), besides: others) {
                try reportProposing(Self.proposing)
                return try self.child(
                    id, of: parent, move: move, pendingTeachers, limit: limit, orDeepest: orDeepest, &draw)
            }
            guard let child else {
                state.refused += 1
                continue
            }
            if move == Self.teacherMove {
                pendingTeachers[String(child.move.dropFirst(move.count + 1)), default: 0] += 1
            }
            guard !others.contains(where: child.isSame) else {
                state.duplicates += 1
                continue
            }
            children.append(child)
        }
        return children
    }

    /// Tells that the search is at it, keeps what was measured, and stops when asked to.
    func reportProposing(_ what: String) throws {
        if countsBefore != nil, hooks.isSaveDue() { try saveWhileProposing() }
        try hooks.report(fraction(), "generation \(state.generation): \(what)", [:])
    }

    /// What a generation's children may take, as a share of the base's latency: settled when the generation begins, and kept.
    private func limit(generation: Int) -> Double {
        if let limit = state.limits[generation] { return limit }
        let time = settings.hours.map { spent / (3600 * $0) } ?? 0
        // A generation in which nothing was trained tells nothing of how long others take.
        if time > 0, state.pace?.trained != trained {
            state.pace = .init(trained: trained, time: time, length: state.pace.map { max(0, time - $0.time) } ?? 0)
        }
        // When this generation will have ended, if it takes as long as the last one: what the hours leave after that is for others.
        let end = time + (state.pace?.length ?? 0)
        // However long generations took, the limit does not rise again.
        let limit = min(
            settings.latencyLimit(generation: generation, time: generation == state.generation ? end : 0),
            state.limits[generation - 1] ?? 1)
        state.limits[generation] = limit
        return limit
    }

    /// Members of the front that met the last generation's limit (all of them if none did): the loneliest first, of
    /// equals the fastest.
    private func parents(for generation: Int) -> [Candidate] {
        let last = limit(generation: generation - 1) * state.baseLatency * 1.02
        let ranked = zip(state.archive.front, state.archive.crowdingDistances).sorted {
            $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.latency < $1.0.latency
        }.map(\.0)
        let near = ranked.filter { $0.latency <= last }
        return (near.isEmpty ? ranked : near).compactMap { state.candidate($0.candidate) }
    }

    private static let proposing = "proposing students"

    static let teacherMove = "teacher"
    /// The student as it is, trained on: all that a pipeline's last part does, and where teachers do not change what a change of
    /// the teacher is to others. Who must change all students in each generation spoils the best ones.
    static let trainingMove = "train-on"

    /// What may be done with a parent now, its children of this generation being known.
    private func moves(for parent: Candidate, besides children: [Candidate], limit: Double) throws -> [String] {
        let phase = settings.phase(generation: state.generation)
        if phase == .distillation { return [Self.trainingMove] }
        let isFastEnough = parent.latency <= limit
        var kinds: [StudentAction.Kind] = [.prune]
        if phase != .pruning {
            if parent.architecture.backbone.stages.contains(where: { $0.blocks.count > 1 }) {
                kinds += [.removeBlock, .moveBlock]
            }
            // Only a student that is fast enough has room to grow: another one would need so many more cuts.
            let graph = try graph(of: parent)
            if !otherInputs(graph, mayGrow: isFastEnough).isEmpty { kinds.append(.input) }
            if !proposalCounts(graph, mayGrow: isFastEnough).isEmpty { kinds.append(.proposals) }
            if isFastEnough { kinds += [.addBlock, .widen] }
        }
        var moves = kinds.map(\.rawValue)
        if settings.hasTeachers, !space.elastic.isEmpty, settings.mode == .joint || settings.mode == .random {
            moves.append(Self.teacherMove)
        } else if phase == nil, isFastEnough, settings.trial.epochs > 0,
            // Twice at once it would be the same training.
            !children.contains(where: { $0.parent == parent.id && $0.move == Self.trainingMove })
        {
            moves.append(Self.trainingMove)
        }
        return moves
    }

    /// The child of a move; nil when it can't be brought within the limit.
    private func child(
        _ id: Int, of parent: Candidate, move: String, _ pendingTeachers: [String: Int], limit: Double,
        orDeepest: Bool, _ draw: inout RandomStream
    ) throws -> Candidate? {
        var child = parent
        child.id = id
        child.generation = state.generation
        child.parent = parent.id
        child.move = move
        child.actions = []
        child.share = 1
        child.precision = nil
        child.losses = [:]
        child.weights = nil
        if move == Self.trainingMove { return child }
        let kind = StudentAction.Kind(rawValue: move)
        // Of several draws for one child only the cuts differ: losses at other input sizes say nothing of each other, and fewer
        // proposals or another teacher change none before training.
        var own = draw.stream("change")
        if kind == nil {
            guard let other = otherTeacher(than: parent.teacher, pending: pendingTeachers, &own) else { return nil }
            child.teacher = other.teacher
            child.move = "\(move):\(other.name)"
            if parent.latency <= limit { return child }
        }
        let graph = try graph(of: parent)
        let importance = try importance(of: parent)
        let cuts = LatencyCuts(
            model: model, catalog: catalog, step: settings.cutStep, leastWidth: settings.leastWidth,
            base: base.graph.architecture, scoresAreComparable: settings.importance.isComparableAcrossLayers)
        var actions: [StudentAction] = []
        var grown = graph
        var scores: Importance? = importance
        if let kind, ![.prune, .removeBlock].contains(kind) {
            let change = change(kind, graph, mayGrow: parent.latency <= limit, &own)
            guard let action = change, let larger = try? action.apply(to: graph, catalog)
            else { return nil }
            scores = try importance.inherited(
                through: Inheritance(action, parent: graph, child: larger, importance: importance, catalog))
            grown = larger
            actions = [action]
        }
        guard
            let reduced = try cuts.reduce(
                grown, to: limit, orDeepest: orDeepest, importance: scores, first: actions.isEmpty ? kind : nil,
                sparing: Set(actions), only: settings.phase(generation: state.generation) == .pruning ? [.prune] : nil,
                &draw)
        else { return nil }
        child.actions = actions + reduced.actions
        child.architecture = reduced.graph.architecture
        child.latency = model.predict(reduced.graph)
        child.cost = reduced.graph.cost
        return child
    }

    /// A neighbour of a teacher in one dimension, or a fresh draw, and what that is called; nil where there seems to be no other.
    private func otherTeacher(
        than teacher: TeacherChoice, pending: [String: Int], _ draw: inout RandomStream
    ) -> (teacher: TeacherChoice, name: String)? {
        let fresh = "draw"
        let dimensions = space.elastic(of: teacher)
        let names = [fresh] + dimensions.map(\.description)
        let chosen = settings.chosenStrategy.teacherMove(among: names, state, pending: pending, &draw)
        if let dimension = dimensions.first(where: { $0.description == chosen }) {
            let neighbour = space.neighbour(of: teacher, along: dimension, &draw)
            if neighbour != teacher { return (neighbour, dimension.description) }
        }
        for _ in 0..<16 {
            let drawn = space.draw(&draw)
            if drawn != teacher { return (drawn, fresh) }
        }
        return nil
    }

    /// A change that is no cut: a block for some stage, from another one or new; a step more for some width; smaller images or
    /// half the proposals, and where a student may grow, also larger ones or twice as many.
    private func change(
        _ kind: StudentAction.Kind, _ graph: DetectorGraph, mayGrow: Bool, _ draw: inout RandomStream
    ) -> StudentAction? {
        let stages = graph.architecture.backbone.stages
        switch kind {
        case .addBlock: return .addBlock(stage: draw.index(below: stages.count))
        case .moveBlock:
            let movable = stages.indices.filter { stages[$0].blocks.count > 1 }
            guard !movable.isEmpty, stages.count > 1 else { return nil }
            let stage = movable[draw.index(below: movable.count)]
            let block = 1 + draw.index(below: stages[stage].blocks.count - 1)
            let others = stages.indices.filter { $0 != stage }
            return .moveBlock(stage: stage, block: block, to: others[draw.index(below: others.count)])
        case .input:
            let sizes = otherInputs(graph, mayGrow: mayGrow)
            return sizes.isEmpty ? nil : .setInput(sizes[draw.index(below: sizes.count)])
        case .proposals:
            let counts = proposalCounts(graph, mayGrow: mayGrow)
            return counts.isEmpty ? nil : .setProposals(counts[draw.index(below: counts.count)])
        case .widen: return widening(graph, &draw)
        case .prune, .removeBlock: return nil
        }
    }

    /// The next smaller and (where a student may grow) larger sizes that a batch of full-sized images is padded to another extent
    /// for: within the same one nothing is saved.
    private func otherInputs(_ graph: DetectorGraph, mayGrow: Bool) -> [DetectorArchitecture.InputSize] {
        func extent(_ graph: DetectorGraph) -> Int { graph.paddedSize.height * graph.paddedSize.width }
        func next(_ factors: [Double], _ differs: (_ own: Int, _ other: Int) -> Bool) -> DetectorArchitecture.InputSize?
        {
            factors.lazy.map { graph.architecture.input.scaled(by: $0) }.first { size in
                guard let child = try? StudentAction.setInput(size).apply(to: graph, catalog) else { return false }
                return differs(extent(graph), extent(child))
            }
        }
        return [next([7.0 / 8, 3.0 / 4, 5.0 / 8], >), mayGrow ? next([8.0 / 7, 4.0 / 3, 8.0 / 5], <) : nil]
            .compactMap(\.self)
    }

    /// Half and (where a student may grow) twice the proposals that reach the head, in tens, from 20 to the base's: those that
    /// differ from what there are.
    private func proposalCounts(_ graph: DetectorGraph, mayGrow: Bool) -> [Int] {
        let allowed = graph.architecture.selection.inference.afterNMS
        let most = base.graph.architecture.selection.inference.afterNMS
        // More may be let through than there are on the base's images: what is halved is what there are.
        let found = min(allowed, model.table.fit?.regions ?? allowed)
        let (fewer, more) = ((found + 19) / 20 * 10, min(2 * allowed, most))
        return [fewer, more].filter { $0 >= 20 && $0 <= most && ($0 < found || mayGrow && $0 > allowed) }
    }

    private func widening(_ graph: DetectorGraph, _ draw: inout RandomStream) -> StudentAction? {
        let groups = graph.channelGroups.filter { !$0.knobs.isEmpty }
        guard !groups.isEmpty else { return nil }
        let group = groups[draw.index(below: groups.count)]
        guard let knob = group.knobs.first else { return nil }
        let unit = graph.searchUnit(of: knob)
        let more = max(1, Int((settings.cutStep * Double(group.width / unit)).rounded())) * unit
        return .setWidth(knob: knob, width: group.width + more)
    }

    func graph(of candidate: Candidate) throws -> DetectorGraph {
        if let graph = graphs[candidate.id] { return graph }
        let graph = try DetectorGraph(candidate.architecture, catalog)
        graphs[candidate.id] = graph
        return graph
    }

    func importance(of candidate: Candidate) throws -> Importance {
        if let importance = importances[candidate.id] { return importance }
        let importance = try trainer.importance(
            graph(of: candidate), weights[candidate.id] ?? [:], random.stream("importance", candidate.id),
            progress: { try reportProposing(Self.proposing) })
        importances[candidate.id] = importance
        return importance
    }
}

extension DetectorArchitecture.InputSize {
    /// Both sides times a factor, in steps of 8 pixels.
    func scaled(by factor: Double) -> Self {
        func step(_ side: Int) -> Int { max(8, Int((factor * Double(side) / 8).rounded()) * 8) }
        return .init(shorter: step(shorter), longer: step(longer))
    }
}
