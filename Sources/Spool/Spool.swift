import Basics
public import Foundation

/// A folder that jobs go through. Every change is a rename or a link of a file that was whole and synced before, so a
/// crash at any moment leaves the spool as it was before the change or after it. See docs/spool.md for every file.
public struct Spool: Sendable {
    public static let format = "jdnas-spool/1"

    public let root: URL
    let files: FileSystem

    /// Opens a spool; `create` makes it where there is none.
    public init(at root: URL, create: Bool = false, files: FileSystem = FileSystem()) throws {
        self.root = URL(filePath: root.standardizedFileURL.path, directoryHint: .isDirectory)
        self.files = files
        if try !isMarked() {
            guard create else {
                throw Failure(
                    "there is no spool here", at: self.root.path,
                    remedy:
                        "name the spool with --spool DIR or JDNAS_SPOOL; 'jdnas run' and 'jdnas submit' make a new one")
            }
            try mark()
        }
        if create { try makeFolders() }
    }

    /// Opens one of which the marker may be missing or damaged, for a doctor. Throws where nothing looks like a spool, or like
    /// one of this format.
    init(damagedAt root: URL, files: FileSystem) throws {
        self.root = URL(filePath: root.standardizedFileURL.path, directoryHint: .isDirectory)
        self.files = files
        let looksLikeOne = [StateFolder.queued, .running, .done].allSatisfy { files.exists(folder($0)) }
        if looksLikeOne, markerFinding() != nil { return }
        guard try isMarked() else {
            throw Failure("there is no spool here", at: self.root.path, remedy: "name the spool with --spool DIR")
        }
    }

    /// The folder of the tokens in a state.
    public func folder(_ state: StateFolder) -> URL { subfolder(state.rawValue) }
    /// Finished bundles: `<job id>.tar.zst`.
    public var outbox: URL { subfolder("outbox") }
    /// Files that nobody knows yet.
    public var temporary: URL { subfolder("tmp") }
    /// Damaged records, each with a reason.
    public var aside: URL { subfolder("aside") }
    public var log: URL { subfolder("log") }
    /// Which results can be used again: a hint for each key, which may be deleted at any time.
    public var cache: URL { subfolder("cache") }
    /// What jobs read out of bundles, unpacked, by the digest of the artifact.
    public var imports: URL { subfolder("imports") }
    /// What users want done with jobs.
    public var wishesFolder: URL { subfolder("wishes") }
    /// What is to be told of jobs that have ended.
    public var noticesFolder: URL { subfolder("notices") }
    /// The page that shows what goes on, and nothing else.
    public var statusFolder: URL { subfolder("status") }
    public var statusPage: URL { statusFolder.appending(path: "index.html") }
    public var lockFile: URL { root.appending(path: "lock") }

    public func workFolder(_ id: JobID) -> URL { work.appending(path: id.text, directoryHint: .isDirectory) }
    public func stageFolder(_ id: JobID, _ stage: String) -> URL {
        workFolder(id).appending(path: stage, directoryHint: .isDirectory)
    }
    /// The manifest, byte for byte as it was handed in.
    public func manifest(_ id: JobID) -> URL { workFolder(id).appending(path: "manifest.yaml") }
    /// The job with every option filled in (StageKit's ResolvedJob).
    public func resolved(_ id: JobID) -> URL { workFolder(id).appending(path: "resolved.json") }
    public func bundle(_ id: JobID) -> URL { outbox.appending(path: "\(id).tar.zst") }

    /// Names that no stage may have: what else lies in a job's work folder, and at the top of its bundle.
    public static let reservedStageNames: Set = [
        "manifest.yaml", "resolved.json", "job.json", "dropped.yaml", "removed.json", "bundle.json", "failure.txt",
        "logs", "receipts",
    ]

    var work: URL { subfolder("work") }
    var marker: URL { root.appending(path: "spool.json") }
    func tokenFile(_ id: JobID, in folder: StateFolder) -> URL { self.folder(folder).appending(path: "\(id).json") }

    private func subfolder(_ name: String) -> URL { root.appending(path: name, directoryHint: .isDirectory) }
}

extension Spool {
    static let folders =
        StateFolder.allCases.map(\.rawValue) + [
            "outbox", "tmp", "aside", "log", "work", "imports", "cache", "wishes", "notices", "status",
        ]

    private struct Marker: Encodable {
        var format = Spool.format
        var about = "a spool of jdnas; docs/spool.md describes every file in it"
    }

    /// What is wrong with the marker, if it can be written anew.
    func markerFinding() -> Finding? {
        let name = marker.lastPathComponent
        do {
            guard let data = try files.read(marker) else {
                return Finding(.fault, name, "the spool's marker is missing", repair: .marker)
            }
            if (try? JSON(parsing: data))?["format"]?.string != nil { return nil }
            return Finding(.fault, name, "the spool's marker is damaged", repair: .marker)
        } catch { return nil }
    }

    /// Puts a whole marker in place of a missing or damaged one.
    func writeMarkerAnew() throws {
        for name in ["tmp", "aside"] { try makeFolder(subfolder(name)) }
        if files.exists(marker) { try setAside(marker, because: "the marker is damaged") }
        _ = try place(Data(JSON(encoding: Marker()).prettyText.utf8), at: marker)
    }

    private func isMarked() throws -> Bool {
        guard let data = try files.read(marker) else { return false }
        // Of a later version's marker only this is sure to be there.
        guard let format = try JSON(parsing: data, at: marker.path)["format"]?.string else {
            throw Failure(
                "the spool's marker is damaged", at: marker.path, remedy: "'jdnas doctor --repair' writes it anew",
                cause: .system)
        }
        guard format == Spool.format else {
            throw Failure(
                "a spool of format \(format.prefix(40)), and this jdnas knows \(Spool.format) only", at: root.path,
                remedy: "use the version of jdnas that made it, or a later one")
        }
        return true
    }

    private func mark() throws {
        try makeFolder(root, parents: true)
        // A user may have made the inbox, and dropped a job, before the first run; anything else is not ours.
        let strangers = try files.list(root).filter { !Spool.folders.contains($0) && !$0.hasPrefix(".") }
        if let stranger = strangers.first {
            throw Failure(
                "the folder holds other things already (\(stranger))", at: root.path,
                remedy: "choose a new or empty folder for the spool")
        }
        try makeFolder(temporary)
        _ = try place(Data(JSON(encoding: Marker()).prettyText.utf8), at: marker)
    }

    private func makeFolders() throws {
        var made = false
        for name in Spool.folders where try files.makeFolder(subfolder(name)) { made = true }
        if made { try files.syncFolder(root) }
    }

    /// Makes a folder and its name durable; no error if it is there.
    func makeFolder(_ url: URL, parents: Bool = false) throws {
        if parents, url.path != "/", !files.exists(url.deletingLastPathComponent()) {
            try makeFolder(url.deletingLastPathComponent(), parents: true)
        }
        if try files.makeFolder(url) { try files.syncFolder(url.deletingLastPathComponent()) }
    }
}
