import Pages
import Spool

extension SpoolOverview {
    var noteSection: Markup {
        guard !notes.isEmpty else { return .empty }
        let items = notes.prefix(Limits.notes).map { note -> Markup in
            "<li>\(note.time.markup) <span>\(brief(note.text, Limits.reason))</span></li>"
        }
        return """
            <section id="notes" aria-labelledby="h-notes">
            <h2 id="h-notes">Notes</h2>
            <p class="lead">What the runner had to say, the latest first.</p>
            <ul class="notes">
            \(items.joined("\n"))
            </ul>
            </section>
            """
    }
}
