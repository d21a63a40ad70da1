import Foundation

/// A new folder of the test's own.
func scratch() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "jdnas-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
}
