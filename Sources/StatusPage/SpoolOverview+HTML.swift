import Pages
public import Spool

extension SpoolOverview {
    /// The page as one HTML file: nothing outside it is loaded. It links to files of the spool, so it has to lie in the spool's
    /// `status/`.
    public func html(written: Timestamp) -> String {
        let isWatched: Markup = if case .works = runner { "works" } else { "none" }
        let body: Markup = """
            \(signDefinitions)
            <main data-runner="\(isWatched)">
            \(header(written))
            \(liveSection)
            \(queueSection)
            \(failureSection)
            \(rejectedSection)
            \(noteSection)
            \(endedSection)
            </main>
            """
        return HTMLPage(
            title: "\(title) – jdnas", style: StatusStyle.markup, script: StatusScript.markup, head: head, body: body
        ).text
    }

    private var head: Markup {
        """
        <link rel="icon" href="\(StatusStyle.icon(isAtWork ? "0072b2" : "6b7682"))"/>
        <noscript><meta http-equiv="refresh" content="10"/></noscript>
        """
    }

    var isAtWork: Bool { live.shown.contains { !$0.running.isEmpty } }

    /// For the browser's tab: what one wants to know from afar.
    private var title: String {
        for job in live.shown {
            if let stage = job.running.first { return "\(percent(stage.fraction)) \(stage.name), \(job.id.jobName)" }
        }
        return summary
    }

    /// Jobs that have not ended: what runs, what is kept back on request, and the rest.
    var openCounts: (running: Int, waiting: Int, held: Int) {
        let running = live.shown.count { !$0.running.isEmpty }
        return (running, max(0, queue.count + inbox.count + live.count - running - heldCount), heldCount)
    }

    /// One line on all of it.
    var summary: String {
        let counts = openCounts
        var parts: [String] = []
        func add(_ count: Int, _ one: String, _ several: String, _ short: String) {
            if count == 0 { return }
            let whole = "\(count) job\(count == 1 ? " \(one)" : "s \(several)")"
            parts.append(parts.isEmpty ? whole : "\(count) \(short)")
        }
        add(counts.running, "is running", "are running", "running")
        add(counts.waiting, "waits", "wait", "waiting")
        add(counts.held, "is held", "are held", "held")
        guard parts.isEmpty else { return parts.joined(separator: ", ") }
        return ended.count == 0 ? "No jobs yet" : "Nothing left to do"
    }
}
