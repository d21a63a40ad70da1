import Archive
import Basics
import Bundles
import Foundation

/// The one member of a bundle with this name, in the folder of a stage that searched.
func searchMember(_ wanted: String, of bundle: Bundles.Bundle, stage: String?) throws -> String {
    let found = try bundle.list().map(\.path).filter { path in
        guard path == wanted || path.hasSuffix("/\(wanted)") else { return false }
        return stage.map { path.split(separator: "/").dropLast().contains(Substring($0)) } ?? true
    }
    guard let member = found.first else {
        throw Failure(
            "the bundle holds no \(wanted)", at: bundle.url.path,
            remedy: "take the bundle of a job with a joint-search stage")
    }
    // An evaluation brings its search's own files along, under their names.
    if stage == nil, found.contains(wanted) { return wanted }
    guard found.count == 1 else {
        throw Failure(
            "the bundle holds several searches: \(found.joined(separator: ", "))", at: bundle.url.path,
            remedy: "name one by --stage")
    }
    return member
}

/// The lines of a search's journal.
func journalLines(_ data: Data, at place: String) throws -> [JSON] {
    try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
        try JSON(parsing: Data(line), at: "\(place):\(index + 1)")
    }
}
