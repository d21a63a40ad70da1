import Basics
import CArchive
import Glibc

/// What both directions need of libarchive(3).
enum LibArchive {
    /// libarchive converts names by the C locale and crashes on others than ASCII in "C" (3.6.2): have UTF-8 at least.
    static let readyLocale: Void = {
        if let codeset = nl_langinfo(Int32(CODESET)), strcmp(codeset, "UTF-8") == 0 { return }
        setlocale(LC_CTYPE, "C.UTF-8")
    }()

    /// libarchive's own text about the last error.
    static func message(_ archive: OpaquePointer) -> String {
        archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
    }

    /// A failure of reading: truncated and damaged archives are told apart.
    static func readFailure(
        _ archive: OpaquePointer, _ file: String, _ container: ArchiveReader.Container, within member: String?
    ) -> Failure {
        let text = message(archive)
        let place = member.map { " (in member '\($0)')" } ?? ""
        if text.lowercased().contains("truncated") { return truncated(file, within: member) }
        if text.contains("Unrecognized archive format") {
            return Failure(
                "this is not a \(container.name)", at: file,
                remedy: "check that it is the file you meant")
        }
        return Failure(
            "the archive is damaged\(place): \(text)", at: file, remedy: "copy it again, or have it written again")
    }

    static func truncated(_ file: String, within member: String?) -> Failure {
        Failure(
            "the archive is truncated\(member.map { " (in member '\($0)')" } ?? "")", at: file,
            remedy: "copy it again, or have it written again")
    }
}
