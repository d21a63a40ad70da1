import Basics
import Foundation

/// A whole HTML file: nothing outside it is loaded. It is also well-formed XML, behind its first line.
public struct HTMLPage: Sendable {
    private let title: String
    private let style: Markup
    private let script: Markup
    private let head: Markup
    private let body: Markup

    /// - Parameters:
    ///   - style: what is said beyond `BasicStyle`.
    ///   - script: the only script that the page can run; it may hold neither `<` nor `&`, so that the page stays XML.
    ///   - head: further elements of the head.
    ///   - body: what stands in `<body>`.
    public init(title: String, style: Markup, script: Markup = .empty, head: Markup = .empty, body: Markup) {
        self.title = title
        self.style = style
        self.script = script
        self.head = head
        self.body = body
    }

    public var text: String {
        let page: Markup = """
            <html lang="en">
            <head>
            <meta charset="utf-8"/>\(policy)
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>\(title)</title>
            <style>\(BasicStyle.markup)
            \(style)</style>
            \(head)
            </head>
            <body>
            \(body)
            \(runs ? "<script>\(script)</script>" : .empty)
            </body>
            </html>

            """
        return "<!DOCTYPE html>\n" + page.text
    }

    private var runs: Bool { !script.text.isEmpty }

    /// Forbids every script but this one, whatever may have got into the page, and whatever it would load (Content Security
    /// Policy Level 3, "hash-source").
    private var policy: Markup {
        guard runs else { return .empty }
        return """

            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            img-src data:; script-src 'sha256-\(Digest(of: script.text).base64)'; base-uri 'none'; form-action 'none'"/>
            """
    }
}

extension Digest {
    fileprivate var base64: String {
        var bytes = Data()
        var digits = Substring(hex)
        while let byte = UInt8(digits.prefix(2), radix: 16) {
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        return bytes.base64EncodedString()
    }
}
