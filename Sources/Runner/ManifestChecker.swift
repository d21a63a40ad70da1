import Basics
import Foundation
import Manifest
import Spool
import StageKit

/// Has manifests checked by `jdnas-stage validate`: the plugins know their options, and the runner knows no plugin.
struct ManifestChecker {
    let program: URL
    let spool: Spool
    /// Seconds that a check may take.
    let limit: Double

    /// Starts a check. Throws `Failure` when the program could not be started.
    ///
    /// - Parameters:
    ///   - name: what diagnostics call the manifest.
    ///   - base: what relative paths in it refer to.
    ///   - environment: what it takes from the environment, where that was settled when it was handed in.
    func start(
        _ manifest: URL, name: String, base: String, environment: [String: String] = [:]
    ) throws -> ManifestCheck {
        let settings = environment.sorted { $0.key < $1.key }.flatMap { ["--env", "\($0.key)=\($0.value)"] }
        return try ManifestCheck(
            program, ["validate", "--json", "--base", base, "--name", name] + settings + [manifest.path], name: name,
            output: spool.temporaryFile("validate.json"), errors: spool.temporaryFile("validate.txt"), limit: limit)
    }
}
