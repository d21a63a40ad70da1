import Foundation
import Images
import TestSupport

/// Headless Chromium, where it is installed.
enum Browser {
    static let hint = "Chromium is not there: scripts/setup tests"

    static let program: URL? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return ["chromium", "chromium-browser", "google-chrome"].lazy
            .flatMap { name in folders.map { URL(filePath: "\($0)/\(name)") } }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    /// What is around a page in a frame.
    static let surroundings = RGB(255, 0, 255)

    /// A page that shows `index.html` beside it as large as a screen: Chromium's own window has at least 500 pixels.
    static func frame(_ screen: BrowserTests.Screen, script: String = "") -> String {
        """
        <!DOCTYPE html><meta name="color-scheme" content="light dark"><body style="margin: 0; background: #f0f">\(script)
        <iframe src="index.html" style="display: block; border: 0; width: \(screen.width)px; height: \(screen.height)px"></iframe>
        """
    }

    /// The document after its scripts have run.
    ///
    /// - Parameter frame: what is opened instead, beside the page.
    static func dom(of html: String, _ screen: BrowserTests.Screen, in frame: String? = nil) throws -> String {
        let scratch = try TemporaryFolder()
        let output = try open(html, screen, in: frame, ["--window-size=1400,1000", "--dump-dom"], scratch)
        return try String(contentsOf: output, encoding: .utf8)
    }

    /// A picture of the page on a screen, with some of what is around it.
    static func picture(of html: String, on screen: BrowserTests.Screen) throws -> RGBImage {
        let scratch = try TemporaryFolder()
        let file = scratch["picture.png"]
        let size = "--window-size=\(screen.width + 200),\(screen.height + 200)"
        _ = try open(html, screen, in: frame(screen), [size, "--screenshot=\(file.path)"], scratch)
        return try decodeImage(Data(contentsOf: file), place: file.path)
    }

    /// Opens a page, and returns the file with what Chromium has printed.
    private static func open(
        _ html: String, _ screen: BrowserTests.Screen, in frame: String?, _ options: [String],
        _ scratch: TemporaryFolder
    ) throws -> URL {
        var page = try scratch.write(html, to: "spool/status/index.html")
        if let frame { page = try scratch.write(frame, to: "spool/status/frame.html") }
        let output = try scratch.write("", to: "output.txt")
        let process = Process()
        process.executableURL = program
        process.arguments =
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                "--no-first-run", "--user-data-dir=\(scratch["profile"].path)",
                "--blink-settings=preferredColorScheme=\(screen.isDark ? 0 : 1)",
            ] + options + [page.absoluteString]
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return output
    }
}
