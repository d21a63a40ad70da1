import Basics
import Foundation

/// The text of the failure that `body` throws, with `folder` written as `~`; nil when it throws none.
public func failureText(in folder: TemporaryFolder? = nil, _ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        let text = "\(error)"
        return folder.map { text.replacing("\($0.url.path)", with: "~") } ?? text
    }
}
