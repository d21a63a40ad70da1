import CommandKit
import Foundation
import Spool

/// `--spool DIR`, else `$JDNAS_SPOOL`, else `./spool`.
enum SpoolArgument {
    static let option = Option("--spool", value: "DIR", "the spool (default: $JDNAS_SPOOL, else ./spool)")

    static func open(_ arguments: Arguments, create: Bool = false) throws -> Spool {
        try Spool(at: folder(arguments), create: create)
    }

    static func folder(_ arguments: Arguments) -> URL { URL(filePath: name(arguments) ?? "spool") }

    /// Whether anybody said which spool.
    static func isNamed(_ arguments: Arguments) -> Bool { name(arguments) != nil }

    private static func name(_ arguments: Arguments) -> String? {
        let variable = ProcessInfo.processInfo.environment["JDNAS_SPOOL"].flatMap { $0.isEmpty ? nil : $0 }
        return arguments.value("--spool") ?? variable
    }
}
