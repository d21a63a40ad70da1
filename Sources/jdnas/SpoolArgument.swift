import CommandKit
import Foundation
import Spool

/// `--spool DIR`, else `$JDNAS_SPOOL`, else `./spool`.
enum SpoolArgument {
    static let option = Option("--spool", value: "DIR", "the spool (default: $JDNAS_SPOOL, else ./spool)")

    static func open(_ arguments: Arguments, create: Bool = false) throws -> Spool {
        let variable = ProcessInfo.processInfo.environment["JDNAS_SPOOL"].flatMap { $0.isEmpty ? nil : $0 }
        return try Spool(at: URL(filePath: arguments.value("--spool") ?? variable ?? "spool"), create: create)
    }
}
