import Basics
import Foundation
import Pages
import Spool

extension SpoolOverview {
    var liveSection: Markup {
        guard live.count > 0 else { return .empty }
        let more: Markup = live.more == 0 ? .empty : "<p class=\"more\">and \(live.more) more that have begun</p>"
        return """
            <section id="live" aria-labelledby="h-live">
            <h2 id="h-live">Under way</h2>
            \(live.shown.map(\.markup).joined())
            \(more)
            </section>
            """
    }
}

extension LiveJob {
    var markup: Markup {
        let done = stages.count { $0.state == .done }
        let picture = StageGraphPicture(self)?.markup ?? .empty
        return """
            <article class="job" aria-labelledby="j-\(id.text)">
            <div class="title"><h3 id="j-\(id.text)">\(id.jobName)</h3> \(badges)
            <p class="facts"><span>\(done) of \(stages.count) stages done</span> \(age)</p></div>
            \(about)
            <p class="id">\(id.text)</p>
            \(picture)
            \(running.map(\.activity).joined())
            \(stageList)
            </article>
            """
    }

    private var age: Markup { started.map { "<span>under way \($0.sinceMarkup)</span>" } ?? .empty }

    private var about: Markup {
        guard let description, !description.isEmpty else { return .empty }
        return "<p class=\"about\">\(brief(description))</p>"
    }

    private var badges: Markup {
        var list: [Markup] = []
        if wishes.isCancelled {
            list.append(sign("failed", "being cancelled", "failed"))
        } else if wishes.isHeld {
            list.append(sign("held", "held", "held"))
        } else if running.isEmpty {
            list.append(sign("waiting", "waiting for its turn", "waiting"))
        } else {
            list.append(sign("running", "running", "running"))
        }
        if wishes.priority != 0 { list.append("<span class=\"badge\">priority \(wishes.priority)</span>") }
        return list.joined()
    }

    private var stageList: Markup {
        guard !stages.isEmpty else { return .empty }
        let rows = stages.prefix(Limits.stages).map { $0.row(isHeld: wishes.isHeld) }
        let rest = stages.count - rows.count
        let more: Markup = rest > 0 ? "<p class=\"more\">and \(rest) more stages</p>" : .empty
        return """
            <details id="d-\(id.text)"><summary>All stages in a list</summary>
            <table class="stack" role="table"><thead role="rowgroup"><tr role="row">\
            \(headCells(["Stage", "State", "Needs", "What it says", "Log"]))</tr></thead>
            <tbody role="rowgroup">
            \(rows.joined())
            </tbody></table>
            \(more)
            </details>
            """
    }
}

extension StageView {
    /// What a running stage does now.
    var activity: Markup {
        let left: Markup = eta.map { "<span>\(spanText(seconds: $0)) left</span>" } ?? .empty
        let again: Markup = attempts > 1 ? "<span>attempt \(attempts)</span>" : .empty
        let because: Markup =
            earlierReason.map { "<p class=\"again\">The attempt before: \(brief($0))</p>" } ?? .empty
        let link: Markup = log.map { "<span>\($0.markup)</span>" } ?? .empty
        return """
            <div class="activity">
            <div class="line"><h4>\(name)</h4> <span class="big">\(percent(fraction))</span> <span class="facts">\(left) \(again) \(link)</span></div>
            <progress max="1" value="\(fraction)" aria-label="\(name)">\(percent(fraction))</progress>
            <p class="message">\(brief(message))</p>
            \(because)
            \(numbers)
            \(tableMarkup)
            </div>
            """
    }

    private var numbers: Markup {
        guard !metrics.isEmpty else { return .empty }
        let items = metrics.sorted { $0.key < $1.key }.prefix(Limits.metrics).map { name, value -> Markup in
            "<div><dt>\(brief(name, Limits.cell))</dt><dd>\(numberText(value))</dd></div>"
        }
        return "<dl class=\"metrics\">\(items.joined(" "))</dl>"
    }

    private var tableMarkup: Markup {
        guard let table, !table.rows.isEmpty else { return .empty }
        func cells(_ texts: [String], _ tag: Markup) -> Markup {
            texts.prefix(Limits.tableColumns).map { "<\(tag)>\(brief($0, Limits.cell))</\(tag)>" as Markup }.joined("")
        }
        let rows = table.rows.prefix(Limits.tableRows).map { "<tr>\(cells($0, "td"))</tr>" as Markup }
        let rest = table.rows.count - rows.count
        let more: Markup = rest > 0 ? "<p class=\"more\">and \(rest) more rows</p>" : .empty
        let head: Markup = table.header.isEmpty ? .empty : "<thead><tr>\(cells(table.header, "th"))</tr></thead>"
        return """
            <p class="caption">\(brief(table.title))</p>
            <div class="wide" tabindex="0" role="region" aria-label="\(brief(table.title))" data-keep="t-\(name)">
            <table class="found" aria-label="\(brief(table.title))">\(head)<tbody>
            \(rows.joined())
            </tbody></table></div>
            \(more)
            """
    }

    func row(isHeld: Bool) -> Markup {
        let looks = StageLooks(self, isHeld: isHeld)
        let tries: Markup = attempts > 1 ? " <span class=\"soft\">(attempt \(attempts))</span>" : .empty
        let uses: Markup = plugin.map { " <span class=\"soft\">\(brief($0, Limits.cell))</span>" } ?? .empty
        let all = brief((needs + foreignNeeds).joined(separator: ", "))
        // What is left is said above.
        let state = self.state == .running ? "running, \(percent(fraction))" : looks.text
        let words: Markup = "\(sign(looks.icon, state, looks.style))\(tries)"
        return """
            <tr role="row">\(cell("Stage", "<b>\(name)</b>\(uses)", style: "name"))\(cell("State", words, style: "fix"))\(cell("Needs", "\(all)", style: "list"))\
            \(cell("What it says", "\(brief(message))"))\(cell("Log", log?.markup ?? .empty))</tr>
            """
    }

    /// In six digits at most.
    private func numberText(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        return value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : String(format: "%.4g", value)
    }
}
