import CommandKit
import Foundation
import Spool
import StatusPage

struct StatusCommand: Command {
    let name = "status"
    let summary = "write the status page of a spool, and print where it is"
    let options = [SpoolArgument.option]
    let details = """
        A runner keeps the page current (status/index.html in the spool, for any browser); this command writes it when none
        works. 'jdnas list' and 'jdnas show' say the same on the terminal.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        try StatusPageWriter.write(spool)
        Terminal.print(spool.statusPage.path)
        return 0
    }
}
