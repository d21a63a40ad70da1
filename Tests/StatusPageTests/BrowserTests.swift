import Foundation
import Spool
import TestSupport
import Testing

@testable import StatusPage

/// The page in a browser: on a phone and a desk, light and dark.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: Browser.program != nil, Comment(rawValue: Browser.hint)))
struct BrowserTests {
    struct Screen: Sendable, CustomTestStringConvertible {
        let width: Int
        let height: Int
        let isDark: Bool
        var testDescription: String { "\(width)×\(height) \(isDark ? "dark" : "light")" }
    }

    static let screens = [
        Screen(width: 390, height: 844, isDark: false), Screen(width: 390, height: 844, isDark: true),
        Screen(width: 1280, height: 900, isDark: false), Screen(width: 1280, height: 900, isDark: true),
    ]

    @Test(arguments: screens, [PageTests.Case.full, .hostile, .long])
    func nothingIsWiderThanTheScreen(_ screen: Screen, _ sample: PageTests.Case) throws {
        let html = PageTests.overview(sample).html(written: .now)
        let dom = try Browser.dom(of: Self.measuring(html), screen, in: Self.frame(screen))
        let found = try #require(dom.firstMatch(of: /data-measured="([^"]*)"/)).1
        let numbers = found.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        #expect(numbers[0] == "\(screen.width)", "the frame is as wide as it was asked for")
        #expect(Int(numbers[1]) == screen.width, "the page is as wide as the window: \(found)")
        #expect(numbers[3] == "", "what stands out")
        #expect(numbers[2] == (screen.isDark ? "rgb(20,24,28)" : "rgb(255,255,255)"))
    }

    /// The script runs, under the page's own policy; what is no script of ours does not.
    @Test func anOldPageSaysSo() throws {
        let screen = Self.screens[2]
        let old = Timestamp(Date(timeIntervalSinceNow: -600))
        let dom = try Browser.dom(of: Sample.overview(Sample.hostile).html(written: old), screen)
        #expect(dom.contains("This page was written 10 min ago: no runner seems to work here."))
        #expect(dom.contains("<title>42&nbsp;% search, cells-overnight – jdnas</title>"))
        #expect(!dom.contains(/<p id="stale"[^>]*hidden/))
        let fresh = try Browser.dom(of: Sample.overview().html(written: .now), screen)
        #expect(fresh.contains(/<p id="stale"[^>]*hidden/) && !fresh.contains(/<label class="auto" hidden/))
        var ended = Sample.overview()
        ended.runner = .nobody
        let page = try Browser.dom(of: ended.html(written: old), screen)
        #expect(page.contains(/<p id="stale"[^>]*hidden/), "a page of no runner claims none")
    }

    /// The page with a script that measures it, and without the policy that forbids such a one.
    private static func measuring(_ html: String) -> String {
        let script = """
            <script>
            document.querySelectorAll('details').forEach(d => { d.open = true; });
            const inner = e => e.closest('.graph, .wide, .defs, thead') !== null;
            const out = [...document.querySelectorAll('body *')].filter(e => !inner(e)
              && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.tagName + '.' + e.className);
            const texts = [...document.querySelectorAll('.graph g.node')].filter(e => e.getBoundingClientRect().width > 0)
              .filter(e => [...e.querySelectorAll('text')].some(t => t.getBBox().x + t.getBBox().width
                > Number(e.querySelector('.box').getAttribute('width')) - 2)).map(e => 'text in ' + e.textContent);
            parent.postMessage([innerWidth, document.documentElement.scrollWidth,
              getComputedStyle(document.body).backgroundColor.replaceAll(' ', ''), out.concat(texts).slice(0, 5)].join(' '), '*');
            </script>
            """
        return html.replacing(/<meta http-equiv="Content-Security-Policy"[^>]*>/, with: "")
            .replacing("</body>\n</html>\n", with: "\(script)</body>\n</html>\n")
    }

    /// A page that shows `index.html` as wide as a screen, and takes down what that says of itself.
    private static func frame(_ screen: Screen) -> String {
        let script = """
            <script>
            addEventListener('message', event => { document.documentElement.dataset.measured = event.data; });
            </script>
            """
        return Browser.frame(screen, script: script)
    }
}
