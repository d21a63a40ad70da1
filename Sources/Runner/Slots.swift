import Basics
import Manifest
import StageKit

/// Processors and memory that stages use side by side.
struct Slots: Hashable {
    var cpus: Int
    /// Bytes; stages that do not say what they need claim none.
    var memory: Int

    func fits(in other: Slots) -> Bool { cpus <= other.cpus && memory <= other.memory }

    static func - (a: Slots, b: Slots) -> Slots { Slots(cpus: a.cpus - b.cpus, memory: a.memory - b.memory) }
}

extension Runner {
    var capacity: Slots { Slots(cpus: options.cpus ?? options.threads, memory: options.memory) }

    var free: Slots { active.reduce(capacity) { $0 - $1.slots } }

    /// What a stage takes. One that only says its threads may have more of them than there are processors; it is then alone.
    func slots(for stage: ResolvedJob.Stage) -> Slots {
        let need = stage.rules?.resources
        return Slots(
            cpus: need?.cpus ?? min(stage.threads ?? options.threads, capacity.cpus), memory: need?.memory ?? 0)
    }

    /// Why a stage cannot start here, as long as the options stay as they are, and whether they do; nil if it can.
    func excess(of stage: ResolvedJob.Stage) -> (reason: String, isForGood: Bool)? {
        let need = slots(for: stage)
        guard !need.fits(in: capacity) else { return nil }
        let isOfCPUs = need.cpus > capacity.cpus
        let (what, has, name) =
            isOfCPUs
            ? ("\(need.cpus) processors", "\(capacity.cpus)", "cpus")
            : (byteText(need.memory), byteText(capacity.memory), "memory")
        // What the command line says no file can change.
        let flags = configuration?.flags
        let file = (isOfCPUs ? flags?.cpus : flags?.memory) == nil ? configuration : nil
        let setting = file.map { "'\(name)' in \($0.name)" } ?? "--\(name) of 'jdnas run'"
        return ("it needs \(what), and stages here may use \(has) (\(setting))", isForGood: file == nil)
    }
}
