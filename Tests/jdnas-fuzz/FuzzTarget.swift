import Basics
import Foundation

/// A reader that inputs are fed to.
protocol FuzzTarget {
    /// Also the end of the names of its inputs' files.
    var name: String { get }
    /// Inputs to begin with.
    func seeds(from folders: [URL]) throws -> [Data]
    /// What a mutated input is put into, so that its reader gets to see it; nothing, unless said otherwise.
    func packed(_ input: Data, _ random: inout RandomStream) -> Data
    /// Reads an input, in a file and as bytes. What it comes to, without names and numbers: inputs with new outcomes are
    /// mutated further. Throws `Broken` when a promise is not kept.
    func read(_ file: URL, _ input: Data) throws -> String
}

extension FuzzTarget {
    func packed(_ input: Data, _ random: inout RandomStream) -> Data { input }
}

/// All readers.
func targets(work: URL) -> [any FuzzTarget] {
    [ManifestTarget(work: work)] + ArchiveTarget.Kind.allCases.map { ArchiveTarget($0, work: work) }
}

/// A promise that was not kept.
struct Broken: Error, CustomStringConvertible {
    let description: String
    init(_ promise: String, _ found: String) { description = "broken promise: \(promise): \(found)" }
}

/// A message without what differs from input to input.
func outline(_ text: String) -> String {
    String(text.prefix(400)).replacing(/'[^']*'/, with: "''").replacing(/[0-9]+/, with: "0")
}
