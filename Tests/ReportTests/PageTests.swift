import Foundation
import FoundationXML
import Report
import Testing

@Suite struct PageTests {
    /// Set JDNAS_SAMPLE_REPORT to a file's name to look at the page; JDNAS_SAMPLE_PICTURE may name a 640×480 JPEG.
    @Test func everySectionIsThere() throws {
        let environment = ProcessInfo.processInfo.environment
        let picture = try environment["JDNAS_SAMPLE_PICTURE"].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        let html = (picture.map { Sample.content(picture: $0) } ?? Sample.content()).html
        if let path = environment["JDNAS_SAMPLE_REPORT"] {
            try html.write(toFile: path, atomically: true, encoding: .utf8)
        }
        expect(
            html, has: "31\u{A0}% faster and 0.8 AP points better", "<span class=\"good\">+0.8<", "−31\u{A0}%",
            "Accuracy against latency",
            "From base to student", "COCO metrics", "Classes", "Precision and recall", "Errors by kind", "Latency",
            "What the search tried", "Training", "Device and settings", "AMD EPYC 7B13", "14.2\u{A0}M", "3.94\u{A0}G")
    }

    enum Case: CaseIterable { case full, empty, hostile }

    @Test(arguments: Case.allCases) func isOneWellFormedFile(_ sample: Case) throws {
        let content =
            switch sample {
            case .full: Sample.content()
            case .empty: ReportContent(title: "empty")
            case .hostile: Self.hostile()
            }
        let html = content.html
        let body = try #require(html.split(separator: "\n", maxSplits: 1).last)
        let check = Structure()
        let parser = XMLParser(data: Data(body.utf8))
        parser.delegate = check
        #expect(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
        #expect(check.scripts == 0)
        #expect(check.links.allSatisfy { $0.hasPrefix("data:image/jpeg;base64,") || $0.hasPrefix("#picture-") })
        let wrong = [" nan", "\"nan", " inf", "\"inf", "-inf", "url("].filter(html.contains)
        #expect(wrong.isEmpty)
    }

    @Test func missingFiguresAreDashes() {
        var content = ReportContent(title: "x")
        content.base = ModelFigures()
        content.base?.stats = [Double](repeating: -1, count: 12)
        expect(content.html, has: "<td class=\"n\">–</td>", "The detector reaches AP –")
        let showsCOCOsMark = content.html.contains(">-1") || content.html.contains(">−1")
        #expect(!showsCOCOsMark)
    }

    @Test(arguments: [
        (0.5, 0.5, 40.0, 40.0, "as fast as the base and as accurate as the base"),
        (0.5, 0.48, 40.0, 20.0, "50\u{A0}% faster and 2.0 AP points worse"),
        (0.5, 0.512, 40.0, 42.0, "5.0\u{A0}% slower and 1.2 AP points better"),
    ])
    func verdicts(_ before: Double, _ after: Double, _ from: Double, _ to: Double, _ text: String) {
        var content = ReportContent(title: "x")
        for (path, ap, latency) in [(\ReportContent.base, before, from), (\ReportContent.student, after, to)] {
            var model = ModelFigures()
            model.stats = Sample.stats(ap)
            model.latency = MeasuredLatency(median: latency, p95: latency, count: 1)
            content[keyPath: path] = model
        }
        expect(content.html, has: "The student is \(text)</h1>")
    }

    @Test func linesForTerminals() {
        var content = Sample.content()
        content.teacher = nil
        #expect(
            content.headlineLines == [
                "base     AP 51.2  latency 48.3 ms", "student  AP 52.0 (+0.8)  latency 33.1 ms (−31 %)",
            ])
    }

    @Test func aCrowdedPictureLeavesOutItsUsualName() {
        func box(_ label: String) -> MarkedBox {
            MarkedBox(x: 1, y: 1, width: 9, height: 9, label: label, kind: .truth)
        }
        var content = ReportContent(title: "x")
        content.pictures = [
            MarkedPicture(
                caption: "p", jpeg: Data(), width: 99, height: 99,
                panels: [.init(title: "t", boxes: [box("white")] + (0..<9).map { _ in box("red") })])
        ]
        expect(content.html, has: "boxes without a name: red", ">white</text>")
        let namesTheUsual = content.html.contains(">red</text>")
        #expect(!namesTheUsual)
    }

    @Test func lineageFollowsParents() {
        let search = Sample.content().search
        #expect(search?.lineage.map(\.id) == ["c1", "c9", "c17", "c25", "c33"])
    }

    @Test func theSearchTellsWhatItRefusedAndLearnt() {
        expect(
            Sample.content().html, has: "(mode ‘joint’)",
            "or the change itself was not legal), and 2 were not trained, since equal ones were known",
            "<li>generation 6 has no candidates</li>",
            "Search and teachers computed as much as 3.2 trainings of the base.",
            "What the search learnt about its moves",
            "<td>prune</td><td class=\"n\">21</td><td class=\"n\">0.310</td>")
    }

    @Test func theFinalistsAreTold() {
        expect(
            Sample.content().html, has: "The last trainings of 2 finalists", "<td>c33, the student</td>",
            "<td>c25</td><td class=\"n\">0.505</td><td class=\"n\">0.498</td><td class=\"n\">50.0 %</td>")
        var other = Sample.content()
        other.search?.finalists[0].isStudent = false
        expect(other.html, has: "None of them became better than the student had been before.", "<td>c33</td>")
        other.search?.finalists = []
        let isTold = other.html.contains("finalists")
        #expect(!isTold)
    }

    /// A search that could try nothing says why.
    @Test func aSearchWithoutCandidatesIsTold() {
        var content = Sample.content()
        content.search = SearchFigures(mode: "joint", split: "search", candidates: [])
        let hasNothing = !content.html.contains("What the search tried")
        #expect(hasNothing)
        content.search?.notes = ["generation 1 has no candidates"]
        expect(
            content.html, has: "What the search tried", "0 candidates (mode ‘joint’)",
            "<li>generation 1 has no candidates</li>"
        )
    }

    @Test func aCircleOfParentsEnds() {
        func candidate(_ id: String, _ parent: String) -> CandidateFigures {
            CandidateFigures(
                id: id, parent: parent, generation: 1, action: "a", detail: "", averagePrecision: 0.5, latency: 1,
                outcome: .accepted, onFront: true)
        }
        var search = SearchFigures(mode: "m", split: "s", candidates: [candidate("a", "b"), candidate("b", "a")])
        search.student = "a"
        #expect(search.lineage.count == 2)
    }

    @Test func contentSurvivesJSON() throws {
        let content = Sample.content()
        let copy = try JSONDecoder().decode(ReportContent.self, from: JSONEncoder().encode(content))
        #expect(copy == content)
    }

    private func expect(_ html: String, has texts: String...) {
        let missing = texts.filter { !html.contains($0) }
        #expect(missing.isEmpty)
    }

    /// Names that try to be markup, and numbers that aren't any.
    private static func hostile() -> ReportContent {
        let evil = "</style><script>alert('x')</script>&\"\u{0}\u{8}\u{1B}\u{FFFE} 细胞"
        var content = Sample.content()
        content.title = evil
        content.notes = [evil]
        content.about = [Fact(evil, evil)]
        content.settings = evil
        content.base?.classes = [
            ClassFigures(
                name: evil, objects: 3, averagePrecision: .nan, averagePrecision50: .infinity,
                curves: [
                    RecallCurve(iou: 0.5, precision: [.nan, -1, .infinity, 0.5]), RecallCurve(iou: .nan, precision: []),
                ])
        ]
        content.base?.latency = MeasuredLatency(median: 0, p95: .nan, count: 0)
        content.base?.errors = [ErrorKind(name: evil, explanation: evil, count: -3)]
        content.pictures = [
            MarkedPicture(
                caption: evil, jpeg: Data(), width: 0, height: 0,
                panels: [
                    .init(
                        title: evil,
                        boxes: [
                            MarkedBox(
                                x: .nan, y: .infinity, width: -4, height: 1e300, label: evil, score: .nan, kind: .wrong)
                        ])
                ])
        ]
        content.search?.candidates[3].action = evil
        content.search?.candidates[3].detail = evil
        content.search?.candidates[3].averagePrecision = .infinity
        content.search?.candidates[4].latency = .nan
        content.search?.base = SearchPoint(averagePrecision: .nan, latency: .nan)
        content.search?.latencyTarget = .infinity
        content.predictions = [LatencyPrediction(name: evil, predicted: 3, measured: 0)]
        content.training = [
            CurveChart(
                title: evil, xLabel: evil, yLabel: evil, curves: [Curve(evil, x: [1, .nan, 3], y: [.infinity, 2])])
        ]
        return content
    }
}

/// Notes what a page would load or run.
private final class Structure: NSObject, XMLParserDelegate {
    var scripts = 0
    var links: [String] = []

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        if element == "script" { scripts += 1 }
        links += ["href", "src", "xlink:href"].compactMap { attributes[$0] }
        scripts += attributes.keys.count { $0.hasPrefix("on") }
    }
}
