import Pages
import Spool

extension SpoolOverview {
    func header(_ written: Timestamp) -> Markup {
        """
        <header>
        <div class="top"><p class="place"><b>jdnas</b> <span>\(brief(place))</span></p>
        <label class="auto" hidden="hidden"><input type="checkbox" id="auto" checked="checked"/> refresh by itself</label></div>
        <h1>\(summary)</h1>
        <p id="stale" class="alarm" role="status" hidden="hidden"></p>
        \(runnerLine(written))
        \(tiles)
        </header>
        """
    }

    private func runnerLine(_ written: Timestamp) -> Markup {
        let stamp: Markup =
            "<time id=\"written\" class=\"when\" datetime=\"\(written.description)\">\(written.text)</time>"
        switch runner {
        case .works(let signs):
            return """
                <p class="runner">\(sign("running", "A runner works here", "running"))
                <span>\(name(signs))</span> <span>at work \(signs.since.sinceMarkup)</span>
                <span>alive as of \(stamp)</span></p>
                """
        case .ended(let signs, let time):
            return """
                <p class="runner">\(sign("held", "No runner works here", "held"))
                <span>the last one (\(name(signs))) ended at \(time.markup)</span>
                <span hidden="hidden">\(stamp)</span> \(advice)</p>
                """
        case .nobody:
            return """
                <p class="runner">\(sign("held", "No runner works here", "held"))
                <span>as of \(stamp)</span> \(advice)</p>
                """
        }
    }

    private func name(_ signs: Spool.RunnerSigns) -> String { brief(signs.owner.description, Limits.line) }

    /// What to do where jobs wait in vain.
    private var advice: Markup {
        live.count + queue.count + inbox.count > 0 ? "<span><code>jdnas run</code> starts one</span>" : .empty
    }

    /// Where those that wait are shown.
    private var waitingPlace: String { queue.count + inbox.count > 0 ? "queue" : "live" }

    private var tiles: Markup {
        let counts = openCounts
        let items: [(count: Int, word: String, target: String, icon: String, style: String)] = [
            (counts.running, "running", "live", "running", "running"),
            (counts.waiting, "waiting", waitingPlace, "waiting", "waiting"),
            (counts.held, "held", waitingPlace, "held", "held"),
            (ended.count - failedCount, "done", "ended", "done", "done"),
            (failedCount, "failed", "failures", "failed", "failed"),
            (rejected.count, "rejected", "rejected", "refused", "refused"),
        ]
        let list = items.map { item -> Markup in
            let inner: Markup = """
                <svg class="i \(item.style)" aria-hidden="true"><use href="#i-\(item.icon)"/></svg>\
                <b>\(item.count)</b> <span>\(item.word)</span>
                """
            return item.count == 0
                ? "<li class=\"none\">\(inner)</li>" : "<li><a href=\"#\(item.target)\">\(inner)</a></li>"
        }
        return "<ul class=\"tiles\" aria-label=\"Jobs by state\">\(list.joined())</ul>"
    }
}
