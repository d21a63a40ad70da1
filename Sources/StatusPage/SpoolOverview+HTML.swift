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

    /// One line on all of it.
    var summary: String {
        let running = live.shown.count { !$0.running.isEmpty }
        let waiting = queue.count + inbox.count + live.count - running
        func jobs(_ count: Int, _ one: String, _ several: String) -> String {
            "\(count) job\(count == 1 ? " \(one)" : "s \(several)")"
        }
        switch (running, waiting) {
        case (0, 0): return ended.count == 0 ? "No jobs yet" : "Nothing left to do"
        case (0, _): return jobs(waiting, "waits", "wait")
        case (_, 0): return jobs(running, "is running", "are running")
        default: return "\(jobs(running, "is running", "are running")), \(waiting) waiting"
        }
    }
}
