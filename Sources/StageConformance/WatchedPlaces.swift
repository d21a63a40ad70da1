import Foundation
import Spool

/// Where an attempt must not write: what was there is compared with what is there afterwards.
struct WatchedPlaces: Sendable {
    private struct Place {
        /// For messages.
        let name: String
        let folder: URL
        let entries: [String: FileStatus]
    }

    private let places: [Place]
    /// Folders that are empty, and stay so: looked at while the stage runs too.
    private let empty: [(name: String, folder: URL)]

    /// All of a bench's scratch folder that is not the attempt's own.
    init(_ scratch: URL, besides attempt: URL) throws {
        func place(_ name: String, _ folder: URL) -> Place {
            Place(name: name, folder: folder, entries: Self.entries(of: folder))
        }
        empty = [
            ("the working directory", scratch.appending(path: "elsewhere")),
            ("TMPDIR", scratch.appending(path: "temporary")),
        ]
        var places = empty.map(place)
        places.append(place("the inputs", scratch.appending(path: "inputs")))
        places.append(place("the damaged inputs", scratch.appending(path: "damaged")))
        places.append(place("the folder of the job's files", scratch.appending(path: "base")))
        let attempts = attempt.deletingLastPathComponent()
        for name in try FileManager.default.contentsOfDirectory(atPath: attempts.path)
        where name != attempt.lastPathComponent {
            places.append(place("an earlier attempt", attempts.appending(path: name)))
        }
        let kept = scratch.appending(path: "kept")
        for name in (try? FileManager.default.contentsOfDirectory(atPath: kept.path)) ?? []
        where "1-\(name)" != attempt.lastPathComponent {
            places.append(place("an earlier attempt", kept.appending(path: name)))
        }
        self.places = places
    }

    private static func entries(of folder: URL) -> [String: FileStatus] {
        var found: [String: FileStatus] = [:]
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        for path in [""] + paths { found[path] = FileStatus(folder.appending(path: path)) }
        return found
    }

    /// What was written, a line each.
    func changes() -> [String] {
        places.flatMap { place -> [String] in
            let now = Self.entries(of: place.folder)
            let all = Set(place.entries.keys).union(now.keys).sorted()
            let lines = all.compactMap { path -> String? in
                switch (place.entries[path], now[path]) {
                case (nil, _?): "it made \(path) in \(place.name)"
                case (_?, nil): "it removed \(path) from \(place.name)"
                case (let before?, let after?) where before.kind == .file && before != after:
                    "it changed \(path) in \(place.name)"
                default: nil
                }
            }
            // What came and went leaves its mark on the folder's time.
            if lines.isEmpty, let path = all.first(where: { place.entries[$0] != now[$0] }) {
                return [
                    "it wrote into \(path.isEmpty ? place.name : "\(path) in \(place.name)"), and removed that again"
                ]
            }
            return lines
        }
    }

    /// What lies in the folders that have to stay empty.
    func strayNames() -> [String] {
        empty.flatMap { place in
            ((try? FileManager.default.contentsOfDirectory(atPath: place.folder.path)) ?? []).map {
                "it made \($0) in \(place.name)"
            }
        }
    }
}

/// What there may be in an attempt's folder.
enum AttemptLayout {
    /// StageProcess, StageContext and the workers write these; a stage writes into `output`.
    private static let names: Set = [
        "request.json", "receipt.json", "failure.json", "progress.json", "progress.jsonl", "output", "checkpoint",
        "events", "scratch", "workers",
    ]

    static func strays(in attempt: URL) -> [String] {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: attempt.path)) ?? []
        return found.filter { !names.contains($0) }.sorted().map {
            "it made \($0) beside its output folder"
        }
    }
}
