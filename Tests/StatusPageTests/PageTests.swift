import Basics
import Foundation
import FoundationXML
import Pages
import Spool
import Testing

@testable import StatusPage

@Suite struct PageTests {
    /// Set JDNAS_SAMPLE_STATUS to a file's name to look at the page.
    @Test func everythingIsThere() throws {
        let overview = Sample.overview()
        let html = overview.html(written: Sample.after(100))
        if let path = ProcessInfo.processInfo.environment["JDNAS_SAMPLE_STATUS"] {
            try overview.html(written: .now).write(toFile: path, atomically: true, encoding: .utf8)
        }
        expect(
            html, has: "<title>42\u{A0}% search, cells-overnight – jdnas</title>",
            "1 job is running, 15 waiting, 2 held", "A runner works here", "Under way", "priority 20",
            "3 of 7 stages done", "1 h 27 min left", "attempt 2",
            "ended by signal 9", "<dt>AP</dt><dd>0.512</dd>", "remove-block", "the front in generation 4",
            "max=\"1\" value=\"0.42\"", "goes next", "the result of cells-overnight/base", "held, until it is released",
            "being cancelled", "and 7 more; <code>jdnas list</code>", "Handed in, and not checked yet", "and 2 more",
            "bccd-first", "2 h 01 min", "student  AP 52.0 (+0.8)", ">report</a>", ">bundle</a>",
            "and 137 earlier ones",
            "neither a JPEG nor a PNG", "The last lines of its log", "there is no stage plugin &#39;trian&#39;",
            ">Notes</h2>", "inbox/plain.yaml is passed over for now: read: Permission denied</span>",
            "<li><time class=\"when\" datetime=\"\(Sample.after(-4000))\">",
            "datetime=\"\(Sample.after(100))\"", "done, taken from an earlier job")
        // Every state in words, and each with a sign of its own.
        for icon in ["running", "waiting", "held", "done", "failed", "refused"] {
            expect(html, has: "<symbol id=\"i-\(icon)\"", "<use href=\"#i-\(icon)\"")
        }
    }

    enum Case: CaseIterable { case full, empty, hostile, long }

    static func overview(_ sample: Case) -> SpoolOverview {
        switch sample {
        case .full: Sample.overview()
        case .empty: SpoolOverview(place: "/spool", runner: .nobody)
        case .hostile: Sample.overview(Sample.hostile)
        case .long: Sample.overview(Sample.long)
        }
    }

    @Test(arguments: Case.allCases) func isOneWellFormedFile(_ sample: Case) throws {
        let html = Self.overview(sample).html(written: Sample.time)
        let body = try #require(html.split(separator: "\n", maxSplits: 1).last)
        let check = Structure()
        let parser = XMLParser(data: Data(body.utf8))
        parser.delegate = check
        #expect(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
        #expect(check.scripts == 1 && check.handlers == 0 && check.pictures == 0)
        #expect(
            check.links.allSatisfy { $0.hasPrefix("../") || $0.hasPrefix("#") || $0.hasPrefix("data:image/svg+xml,") })
        #expect(check.links.allSatisfy { !$0.dropFirst(3).contains("..") && !$0.contains("javascript:") })
        #expect(check.places.isSuperset(of: check.links.filter { $0.hasPrefix("#") }.map { String($0.dropFirst()) }))
        #expect(Set(check.labels).isSubset(of: check.places), "what names a part has to be there")
        #expect(check.doubled.isEmpty, "ids are there once")
        let wrong = [" nan", "\"nan", "\"inf", "\u{202E}"].filter(html.contains)
        #expect(wrong.isEmpty)
        #expect(html.utf8.count < 120_000)
    }

    @Test func onlyItsOwnScriptMayRun() throws {
        let html = Sample.overview().html(written: Sample.time)
        let script = try #require(html.firstMatch(of: /(?s)<script>(.*)<\/script>/)).1
        // The digest as `openssl dgst -sha256 -binary | base64` gives it, by another way than the page's.
        let digest = Digest(of: String(script)).hex
        let bytes = stride(from: 0, to: 64, by: 2).compactMap { offset in
            UInt8(digest.dropFirst(offset).prefix(2), radix: 16)
        }
        expect(html, has: "default-src 'none'", "script-src 'sha256-\(Data(bytes).base64EncodedString())'")
        #expect(!script.contains("<") && !script.contains("&"))
    }

    @Test func runnersThatDoNotWork() {
        var overview = SpoolOverview(place: "/spool", runner: .nobody)
        expect(overview.html(written: Sample.time), has: "No jobs yet", "No runner works here", "data-runner=\"none\"")
        overview.queue = Excerpt([QueuedJob(id: Sample.id("a"))])
        expect(overview.html(written: Sample.time), has: "1 job waits", "<code>jdnas run</code> starts one")
        let signs = Spool.RunnerSigns(owner: .current, since: Sample.time)
        overview.runner = .ended(signs, at: Sample.after(9))
        expect(overview.html(written: Sample.time), has: "ended at <time", "data-runner=\"none\"")
        overview.runner = .works(signs)
        expect(overview.html(written: Sample.time), has: "data-runner=\"works\"")
    }

    @Test func withoutNotesThereIsNoSuchSection() {
        #expect(!Self.overview(.empty).html(written: Sample.time).contains("Notes</h2>"))
    }

    @Test func linksStayInTheSpool() {
        #expect(PageLink("x", "work/a/b c/%3f?#.html").target == "../work/a/b%20c/%253f%3F%23.html")
        #expect(PageLink("x", "javascript:alert(1)").target == "../javascript%3Aalert%281%29")
        #expect(PageLink("x", "//example.org/a").target == "../example.org/a")
        #expect(PageLink("x", "work/../../etc/passwd").target == nil)
        #expect(PageLink("x", "work/../x").markup.text.isEmpty)
    }

    @Test func textsAreCut() {
        #expect(brief("one\ntwo\r\nthree", 9) == "one two t…")
        #expect(cut("a\u{202E}b\u{2066}c", 9) == "abc")
        // One character of many scalars.
        #expect(cut("e" + String(repeating: "\u{301}", count: 500), 20).unicodeScalars.count == 21)
        #expect(percent(0.999) == "99\u{A0}%" && percent(7) == "100\u{A0}%" && percent(-1) == "0\u{A0}%")
    }

    private func expect(_ html: String, has texts: String...) {
        let missing = texts.filter { !html.contains($0) }
        #expect(missing.isEmpty)
    }
}

/// Notes what a page would load or run, and what its parts are called.
private final class Structure: NSObject, XMLParserDelegate {
    var scripts = 0
    var handlers = 0
    var pictures = 0
    var links: [String] = []
    var labels: [String] = []
    var places: Set<String> = []
    var doubled: [String] = []

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        if element == "script" { scripts += 1 }
        if ["img", "iframe", "object", "embed", "form", "base"].contains(element) { pictures += 1 }
        handlers += attributes.keys.count { $0.hasPrefix("on") }
        links += ["href", "src"].compactMap { attributes[$0] }
        labels += [attributes["aria-labelledby"]].compactMap(\.self)
        if let id = attributes["id"], !places.insert(id).inserted { doubled.append(id) }
    }
}
