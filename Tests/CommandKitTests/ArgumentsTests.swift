import CommandKit
import Testing

@Suite struct ArgumentsTests {
    struct Sample: Command {
        let name = "list"
        let summary = "lists"
        let operands = "FILE…"
        let arity = 1...2
        let options = [
            Option("--spool", value: "DIR", "the spool"), Option("--json", "as JSON"),
            Option("--threads", value: "N", "how many"),
        ]
        func run(_ arguments: Arguments) throws -> Int32 { 0 }
    }

    @Test func reads() throws {
        let arguments = try Arguments(["a", "--spool", "x", "--threads=3", "--json", "--", "-b"], for: Sample())
        #expect(arguments.operands == ["a", "-b"])
        #expect(arguments.value("--spool") == "x")
        #expect(try arguments.integer("--threads", in: 1...8) == 3)
        #expect(arguments.has("--json"))
    }

    static let cases: [(arguments: [String], expected: String)] = [
        (["a", "--spol", "x"], "'list' has no option '--spol'\n  remedy: did you mean '--spool'?"),
        (
            ["a", "-x"],
            "'list' has no option '-x'\n  remedy: 'list --help' lists its options; write '-- -x' if it is a file"
        ),
        (["a", "--spool"], "'--spool' needs a value\n  remedy: write '--spool DIR'"),
        (["a", "--json=yes"], "'--json' takes no value\n  remedy: write '--json' alone"),
        (["a", "--spool", "x", "--spool=y"], "'--spool' is there twice\n  remedy: give it once"),
        (["a", "b", "c"], "'c' is one argument too many\n  remedy: usage: list [options] FILE…"),
        ([], "'list' needs FILE…\n  remedy: 'list --help' shows how to use it"),
        (
            ["a", "--threads", "many"],
            "'--threads' must be a whole number from 1 to 8, not 'many'\n  remedy: write '--threads 1', say"
        ),
    ]

    @Test(arguments: cases) func tells(_ arguments: [String], _ expected: String) {
        let error = #expect(throws: UsageError.self) {
            _ = try Arguments(arguments, for: Sample()).integer("--threads", in: 1...8)
        }
        #expect(error?.description == expected)
    }
}
