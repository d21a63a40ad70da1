import CommandKit
import Foundation
import Glibc

// libarchive needs a UTF-8 locale for member names that are not ASCII.
setlocale(LC_CTYPE, "C.UTF-8")
exit(
    Program(
        name: "jdnas-fuzz", summary: "jdnas-fuzz: feeds damaged files to the readers of manifests and archives",
        commands: [FuzzCommand(), ReplayCommand()]
    ).run(Array(CommandLine.arguments.dropFirst())))
