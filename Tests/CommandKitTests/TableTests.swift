import CommandKit
import Testing

@Suite struct TableTests {
    @Test func aligns() {
        let table = Table(
            header: ["JOB", "STATE", "AGE"], rows: [["a", "running", "2 s"], ["long-name", "done", "12 s"]], right: [2])
        #expect(
            table.text(indent: 1)
                == """
                 JOB        STATE     AGE
                 a          running   2 s
                 long-name  done     12 s
                """)
    }
}
