import Basics
import Foundation
import Search
import StageKit
import Training

/// A pool's checkpoints: its training, and its card as far as it is made.
final class PoolCheckpoint {
    private let context: StageContext
    private var pace = CheckpointPace()
    private static let cardIn = "card.json"

    init(_ context: StageContext) { self.context = context }

    /// The training that an earlier attempt saved.
    func training(_ plan: TrainingPlan) throws -> TrainingState? {
        try context.checkpoint.resumeDirectory.map { try TrainingState(from: $0, plan) }
    }

    /// The card that an earlier attempt saved, without latencies.
    func card() throws -> [Teacher] {
        guard let file = context.checkpoint.resumeDirectory?.appending(path: Self.cardIn),
            FileManager.default.fileExists(atPath: file.path)
        else { return [] }
        return try JSON(parsing: Data(contentsOf: file), at: file.path).decode([Teacher].self, at: file.path)
    }

    /// Saves when it is time, or the work is to stop, or `isNeeded`; throws where it is to stop.
    func saveIfDue(_ state: TrainingState, card: [Teacher] = [], isNeeded: Bool = false) throws {
        if pace.isDue || isNeeded || context.isCancelled {
            try context.checkpoint.save(named: card.isEmpty ? "step-\(state.step)" : "card-\(card.count)") { folder in
                try state.write(to: folder)
                try DurableFile.write(JSON(encoding: card).canonicalText, to: folder.appending(path: Self.cardIn))
            }
            pace.restart()
        }
        try context.checkCancelled()
    }
}
