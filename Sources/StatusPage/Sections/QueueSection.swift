import Pages
import Spool

extension SpoolOverview {
    var queueSection: Markup {
        guard queue.count + inbox.count > 0 else { return .empty }
        return """
            <section id="queue" aria-labelledby="h-queue">
            <h2 id="h-queue">Waiting</h2>
            \(inboxLine)
            \(queueTable)
            </section>
            """
    }

    private var inboxLine: Markup {
        guard inbox.count > 0 else { return .empty }
        let names = inbox.shown.map { "<code>\(brief($0, Limits.cell))</code>" as Markup }.joined(", ")
        let more: Markup = inbox.more > 0 ? " and \(inbox.more) more" : .empty
        return "<p class=\"inbox\">Handed in, and not checked yet: \(names)\(more)</p>"
    }

    private var queueTable: Markup {
        guard queue.count > 0 else { return .empty }
        let rows = queue.shown.enumerated().map { index, job in job.row(index + 1) }
        let more: Markup =
            queue.more > 0 ? "<p class=\"more\">and \(queue.more) more; <code>jdnas list</code> lists all</p>" : .empty
        return """
            <table class="stack queue" role="table"><thead role="rowgroup"><tr role="row">\
            \(headCells(["Place", "Job", "Waits for", "Priority", "Stages", "Handed in"]))</tr></thead>
            <tbody role="rowgroup">
            \(rows.joined())
            </tbody></table>
            \(more)
            """
    }
}

extension QueuedJob {
    func row(_ place: Int) -> Markup {
        let reason: Markup =
            switch wait {
            case .turn: sign("waiting", place == 1 ? "goes next" : "its turn", "waiting")
            case .held: sign("held", "held, until it is released", "held")
            case .cancelled: sign("failed", "being cancelled", "failed")
            case .other(let text): sign("waiting", "the result of \(brief(text, Limits.line))", "waiting")
            }
        return """
            <tr role="row">\(cell("Place", "\(place)", style: "n"))\(cell("Job", jobName(id), style: "name"))\(cell("Waits for", reason))\
            \(cell("Priority", priority == 0 ? .empty : "\(priority)", style: "n"))\(cell("Stages", "\(stageCount)", style: "n extra"))\
            \(cell("Handed in", submitted?.markup ?? .empty, style: "fix"))</tr>
            """
    }
}

/// A job's name, with its id below.
func jobName(_ id: JobID) -> Markup { "<b>\(id.jobName)</b><span class=\"id\">\(id.text)</span>" }

/// The heads of a table's columns; on a phone each cell says its own (`cell`).
func headCells(_ names: [String]) -> Markup {
    names.map { "<th role=\"columnheader\" scope=\"col\">\($0)</th>" as Markup }.joined("")
}

/// A cell of a table that is stacked on a phone. The roles stay when the style no longer lays it out as a table.
///
/// - Parameter style: `n` for numbers; `fix` for what is not to be broken; `name` for names; `list` for several of them; `extra` for what a phone has no room
///   for.
func cell(_ head: String, _ contents: Markup, style: String = "") -> Markup {
    guard !contents.text.isEmpty else { return "<td role=\"cell\" class=\"empty\"></td>" }
    let style: Markup = style.isEmpty ? .empty : " class=\"\(style)\""
    return "<td role=\"cell\"\(style) data-head=\"\(head)\"><div>\(contents)</div></td>"
}
