import Basics
import Pages
import Spool

extension SpoolOverview {
    /// The latest failures, with what their stages said last.
    var failureSection: Markup {
        let failures = ended.shown.filter { !$0.isDone }.prefix(Limits.failures)
        guard failedCount > 0, !failures.isEmpty else { return .empty }
        let items = failures.map(\.failure)
        let rest = failedCount - items.count
        let more: Markup = rest > 0 ? "<p class=\"more\">and \(rest) earlier ones</p>" : .empty
        return """
            <section id="failures" aria-labelledby="h-failures">
            <h2 id="h-failures">Failures</h2>
            \(items.joined())
            \(more)
            </section>
            """
    }

    var rejectedSection: Markup {
        guard rejected.count > 0 else { return .empty }
        let items = rejected.shown.map { manifest -> Markup in
            let link: Markup = manifest.file.map { " <span class=\"links\">\($0.markup)</span>" } ?? .empty
            return """
                <article class="trouble">
                <h3>\(sign("refused", "rejected", "refused")) <span class="name">\(brief(manifest.name, Limits.line))</span>\(link)</h3>
                <pre>\(cut(manifest.diagnostics, Limits.diagnostics))</pre>
                </article>
                """
        }
        let more: Markup = rejected.more > 0 ? "<p class=\"more\">and \(rejected.more) earlier ones</p>" : .empty
        return """
            <section id="rejected" aria-labelledby="h-rejected">
            <h2 id="h-rejected">Rejected manifests</h2>
            <p class="lead">Mend the manifest and hand it in again; what lies in <code>rejected/</code> may be deleted.</p>
            \(items.joined())
            \(more)
            </section>
            """
    }

    var endedSection: Markup {
        guard ended.count > 0 else { return .empty }
        let more: Markup = ended.more > 0 ? "<p class=\"more\">and \(ended.more) earlier ones</p>" : .empty
        return """
            <section id="ended" aria-labelledby="h-ended">
            <h2 id="h-ended">Finished</h2>
            <table class="stack ended" role="table"><thead role="rowgroup"><tr role="row">\
            \(headCells(["Job", "State", "Ended", "Took", "Result", "Look"]))</tr></thead>
            <tbody role="rowgroup">
            \(ended.shown.map(\.row).joined())
            </tbody></table>
            \(more)
            </section>
            """
    }
}

extension EndedJob {
    private var mark: Markup {
        isDone
            ? sign("done", "done", "done")
            : reason == "cancelled on request"
                ? sign("failed", "cancelled", "failed") : sign("failed", "failed", "failed")
    }

    var failure: Markup {
        let links = [log, bundle].compactMap { $0?.markup }
        let lines: Markup =
            lastLines.isEmpty
            ? .empty
            : """
            <details id="f-\(id.text)"><summary>The last lines of its log</summary><pre>\
            \(lastLines.prefix(Limits.logLines).map { "\(cut($0, Limits.line))" as Markup }.joined("\n"))</pre></details>
            """
        return """
            <article class="trouble">
            <h3>\(mark) <span class="name">\(id.jobName)</span> <span class="links">\(links.joined(" "))</span></h3>
            <p class="id">\(id.text)</p>
            <p class="reason">\(brief(reason ?? "for a reason that is not known", Limits.reason))</p>
            \(lines)
            </article>
            """
    }

    var row: Markup {
        var took: Markup = .empty
        if let started, let finished { took = "\(spanText(seconds: finished.seconds(since: started)))" }
        let lines = headline.prefix(Limits.headline).map { "\(cut($0, Limits.line))" as Markup }.joined("\n")
        let result: Markup =
            isDone
            ? (headline.isEmpty ? .empty : "<div class=\"headline\">\(lines)</div>")
            : "<span class=\"soft\">\(brief(reason ?? "", 160))</span>"
        let links = (pages.prefix(Limits.pages) + [bundle].compactMap(\.self)).map(\.markup)
        return """
            <tr role="row">\(cell("Job", jobName(id), style: "name"))\(cell("State", mark, style: "fix"))\(cell("Ended", finished?.markup ?? .empty, style: "fix"))\
            \(cell("Took", took, style: "fix"))\(cell("Result", result))\
            \(cell("Look", links.isEmpty ? .empty : "<span class=\"links\">\(links.joined(" "))</span>", style: "fix"))</tr>
            """
    }
}
