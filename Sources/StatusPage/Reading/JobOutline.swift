import Basics
import Foundation
import Manifest
import Spool

/// What a job's `resolved.json` says of its stages. What is missing there is left out: the page shows what there is.
struct JobOutline {
    var description: String?
    /// Waiting, all of them.
    var stages: [StageView] = []
    /// Stages of other jobs.
    var foreign: [(text: String, job: String, stage: String)] = []

    init(of id: JobID, in spool: Spool) {
        guard let data = try? Data(contentsOf: spool.resolved(id)), let json = try? JSON(parsing: data) else { return }
        description = json["description"]?.string
        var names: Set<String> = []
        for item in json["stages"]?.array ?? [] {
            guard let name = item["name"]?.string, isLegalName(name), names.insert(name).inserted else { continue }
            var stage = StageView(name: name)
            stage.plugin = item["plugin"]?.string
            for text in (item["needs"]?.array ?? []).compactMap(\.string) {
                switch InputReference(text) {
                case .stage(let need)?: stage.needs.append(need)
                case .otherJob(let job, let other)?:
                    stage.foreignNeeds.append(text)
                    foreign.append((text, job, other))
                case .file?: stage.foreignNeeds.append(text)
                case nil: continue
                }
            }
            stages.append(stage)
        }
    }
}
