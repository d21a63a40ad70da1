public import Manifest

/// What `jdnas-stage validate --json` says of each file: a list of these.
public struct ValidationReport: Sendable, Codable {
    /// As it was named.
    public var file: String
    /// The job, when nothing is wrong.
    public var resolved: ResolvedJob?
    public var diagnostics: [Diagnostic]

    public init(file: String, _ result: Result<ResolvedJob, Diagnostics>) {
        self.file = file
        switch result {
        case .success(let job):
            resolved = job
            diagnostics = []
        case .failure(let problems): diagnostics = problems.list
        }
    }
}
