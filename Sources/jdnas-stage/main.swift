import CommandKit
import Foundation
import Glibc
import Tensor

Compute.restartIfOutdated()

// libarchive needs a UTF-8 locale for member names that are not ASCII.
setlocale(LC_CTYPE, "C.UTF-8")
exit(stageProgram.run(Array(CommandLine.arguments.dropFirst())))
