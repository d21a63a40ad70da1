import Basics
import Foundation
import Pages
import Spool

/// How a stage's state is shown: a colour, a sign and words that say the same.
struct StageLooks {
    let style: String
    let icon: String
    /// A word or two.
    let word: String
    /// What fits into a node of the picture.
    let short: String
    /// A sentence's worth.
    let text: String

    init(_ stage: StageView, isHeld: Bool) {
        switch stage.state {
        case .waiting:
            (style, icon, word) = ("waiting", "waiting", "waiting")
            (short, text) = (word, word)
        case .running:
            (style, icon, word) = ("running", "running", "running")
            let left = stage.eta.map { ", \(spanText(seconds: $0)) left" } ?? ""
            short = percent(stage.fraction) + (stage.eta.map { " · \(shortSpan($0)) left" } ?? "")
            text = "running, \(percent(stage.fraction))\(left)"
        case .done:
            (style, icon, word) = ("done", "done", stage.isReused ? "reused" : "done")
            short = stage.seconds.map { "done · \(shortSpan($0))" } ?? word
            text =
                stage.isReused
                ? "done, taken from an earlier job"
                : "done" + (stage.seconds.map { " in \(spanText(seconds: $0))" } ?? "")
        case .failed:
            (style, icon, word) = ("failed", "failed", "failed")
            (short, text) = (word, word)
        case .interrupted:
            (style, icon, word) = ("held", "held", isHeld ? "held" : "interrupted")
            (short, text) = ("\(word) · \(percent(stage.fraction))", "\(word) at \(percent(stage.fraction))")
        }
    }

    /// The sign with its word.
    var mark: Markup { sign(icon, word, style) }
}

/// A span of time in a few letters: `40 s`, `3 min`, `2 h 07`.
private func shortSpan(_ seconds: Double) -> String {
    let whole = Int(min(max(0, seconds.isFinite ? seconds : 0), 3.6e8))
    if whole < 60 { return "\(whole)\u{A0}s" }
    if whole < 3600 { return "\(whole / 60)\u{A0}min" }
    let minutes = whole % 3600 / 60
    return "\(whole / 3600)\u{A0}h\u{A0}\(minutes < 10 ? "0" : "")\(minutes)"
}

/// A sign and a word.
func sign(_ icon: String, _ word: String, _ style: String) -> Markup {
    "<span class=\"sign \(style)\"><svg class=\"i\" aria-hidden=\"true\"><use href=\"#i-\(icon)\"/></svg>\(word)</span>"
}

/// With an unbreakable space.
func percent(_ fraction: Double) -> String { "\(Int((min(max(fraction, 0), 1) * 100).rounded(.down)))\u{A0}%" }

/// The signs, defined once a page. Each has its own outline, so that they differ without colour.
let signDefinitions: Markup = """
    <svg class="defs" width="0" height="0" aria-hidden="true"><defs>
    <symbol id="i-done" viewBox="0 0 16 16"><circle class="f" cx="8" cy="8" r="8"/><path class="w" d="M4.2 8.4l2.6 2.6 5-5.4"/></symbol>
    <symbol id="i-running" viewBox="0 0 16 16"><circle class="f" cx="8" cy="8" r="8"/><path class="p" d="M6.2 4.4v7.2l5.6-3.6z"/></symbol>
    <symbol id="i-waiting" viewBox="0 0 16 16"><circle class="o" cx="8" cy="8" r="6.6"/><path class="o" d="M8 4.4v3.8l2.5 1.6"/></symbol>
    <symbol id="i-held" viewBox="0 0 16 16"><rect class="f" width="16" height="16" rx="4"/><path class="w" d="M5.8 4.8v6.4M10.2 4.8v6.4"/></symbol>
    <symbol id="i-failed" viewBox="0 0 16 16"><path class="f" d="M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7z"/><path class="w" d="M5 5l6 6M11 5l-6 6"/></symbol>
    <symbol id="i-refused" viewBox="0 0 16 16"><path class="f" d="M8 .8L16 15H0z"/><path class="w" d="M8 6v4.2M8 12.4v.3"/></symbol>
    </defs></svg>
    """

extension PageLink {
    /// As `href`, from the status page's folder. Each part is encoded, so that nothing in it can lead elsewhere (RFC 3986, 3.3);
    /// nil where something would all the same.
    var target: String? {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        // PATH_MAX of Linux: nothing longer can be opened.
        guard !parts.contains(".."), path.utf8.count < 4096 else { return nil }
        let safe = parts.map { $0.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }
        return "../\(safe.joined(separator: "/"))"
    }

    var markup: Markup { target.map { "<a href=\"\($0)\">\(brief(title, Limits.cell))</a>" } ?? .empty }
}

extension Timestamp {
    /// `2025-11-24 10:06 UTC`.
    var text: String { "\(description.prefix(10)) \(description.dropFirst(11).prefix(5))\u{A0}UTC" }

    /// A moment; the page's script writes it by the reader's clock.
    var markup: Markup { "<time class=\"when\" datetime=\"\(description)\">\(text)</time>" }

    /// How long ago it was, kept up to date by the page's script; without it, the moment.
    var sinceMarkup: Markup { "<time class=\"since\" datetime=\"\(description)\">since \(text)</time>" }
}
