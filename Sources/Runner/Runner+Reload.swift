import Basics
import Foundation
import Spool
import StageKit

extension Runner {
    /// Reads the configuration again if somebody asked for it. Stages that run go on; what is decided from now on goes by the new
    /// values. Of a faulty file nothing is taken.
    func heedReload() {
        guard let configuration, configuration.reload.take() else { return }
        report(.reloading)
        do {
            let new = try configuration.options(over: base)
            let changes = RunnerSettings.changes(from: options, to: new)
            options = new
            agenda.isStale = true
            report(.reloaded(changes: changes))
        } catch {
            report(.note("the settings stay as they were:\n\(error)"))
            report(.reloaded(changes: nil))
        }
    }

    /// Whether a stage fits among what stages may use together. Where that can be changed it waits for it, which is told once.
    func fitsAtAll(_ stage: ResolvedJob.Stage, of token: Token) -> Bool {
        guard let reason = excess(of: stage)?.reason else { return true }
        let name = "\(token.id)/\(stage.name)"
        guard jobTroubles.isDue(name, at: now) else { return false }
        let failure = Failure("\(stage.name) waits: \(reason)", at: spool.root.path, cause: .system)
        if jobTroubles.note(failure, of: name, at: now).isNews { report(.note("\(token.id): \(failure.what)")) }
        return false
    }
}
