import Archive
import Basics
import Bundles
import Foundation

/// A file of a search in a bundle.
struct SearchMember {
    let path: String
    /// Of the stage that searched; nil where the bundle has no receipt of it.
    let receipt: JSON?

    /// The one with this name: of the stage, or of the only search.
    ///
    /// - Parameter substitute: the name of a file that is taken where a search has not come to the wanted one.
    init(_ name: String, orElse substitute: String? = nil, of bundle: Bundles.Bundle, stage: String?) throws {
        let paths = try bundle.list().map(\.path)
        func all(_ name: String) -> [String] {
            paths.filter { path in
                let parts = path.split(separator: "/")
                return parts.last == Substring(name) && parts.first != "receipts"
            }
        }
        func found(_ name: String) -> [String] {
            all(name).filter { path in
                stage.map { path.split(separator: "/").dropLast().contains(Substring($0)) } ?? true
            }
        }
        let wanted = substitute.flatMap { found(name).isEmpty && !found($0).isEmpty ? $0 : nil } ?? name
        let alternatives = substitute.map(found) ?? []
        let found = found(wanted)
        // Stages that may have searched: those with the file in their folder.
        let folders = Set(found.compactMap(Self.folder))
        let receipts = paths.filter { $0.hasPrefix("receipts/") }
        func searched(_ path: String) throws -> (stage: String, receipt: JSON)? {
            let receipt = try JSON(parsing: bundle.data(of: path), at: "\(bundle.url.path): \(path)")
            guard receipt["plugin"]?.string == "joint-search", let stage = receipt["stage"]?.string else { return nil }
            return (stage, receipt)
        }
        let alone = found == [wanted] ? receipts : []
        let searches = try (folders.map { "receipts/\($0).json" }.filter(paths.contains) + alone).compactMap(searched)
        // Beside them, those that did not come to it.
        let unfinished = Set(alternatives.compactMap(Self.folder)).subtracting(folders)
        let stages = unfinished.union(searches.map(\.stage)).sorted()
        guard stage != nil || stages.count < 2 else {
            throw Failure(
                "the bundle holds several searches: \(stages.joined(separator: ", "))",
                at: bundle.url.path, remedy: "name one by --stage")
        }
        let search = searches.first { stage == nil || $0.stage == stage }
        // An evaluation brings its search's own files along, under their names.
        let own = [search.map { "\($0.stage)/\(wanted)" }, wanted].compactMap(\.self).first(where: found.contains)
        guard let path = own ?? found.first else {
            let files = [name, substitute].compactMap(\.self).flatMap(all)
            // Evaluations have their search's files too: receipts tell them apart.
            let told = try receipts.map { (stage: Self.stage(ofReceipt: $0), search: try searched($0)?.stage) }
            let others = Set(files.compactMap(Self.folder)).subtracting(told.map(\.stage))
                .union(told.compactMap(\.search))
            if let stage, !others.isEmpty {
                throw Failure(
                    "the bundle holds no search '\(stage)'", at: bundle.url.path,
                    remedy: "name one that is there: \(others.sorted().joined(separator: ", "))")
            }
            throw Failure(
                "the bundle holds no \(wanted)", at: bundle.url.path,
                remedy: "take the bundle of a job with a joint-search stage")
        }
        guard own != nil || found.count == 1 else {
            throw Failure(
                "the bundle holds several searches: \(found.joined(separator: ", "))", at: bundle.url.path,
                remedy: "name one by --stage")
        }
        self.path = path
        receipt = search?.receipt
    }

    /// The stage whose folder a file lies in; nil for one of the bundle's own.
    private static func folder(of path: String) -> String? {
        path.split(separator: "/").dropLast().first.map(String.init)
    }

    private static func stage(ofReceipt path: String) -> String {
        URL(filePath: path).deletingPathExtension().lastPathComponent
    }
}

/// The lines of a search's journal.
func journalLines(_ data: Data, at place: String) throws -> [JSON] {
    try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
        try JSON(parsing: Data(line), at: "\(place):\(index + 1)")
    }
}
