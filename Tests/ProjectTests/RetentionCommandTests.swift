import Basics
import Foundation
import Spool
import TestSupport
import Testing

/// `jdnas gc`, from outside.
@Suite struct RetentionCommandTests {
    @Test func itListsFirstAndRemovesWhenTold() throws {
        let folder = try TemporaryFolder()
        let spool = try Spool(at: folder["s"], create: true)
        #expect(try run(["gc", "--spool", "s"], in: folder.url).output == "nothing to remove\n")
        let id = try spool.submit(manifest: Data("job: old\n".utf8), name: "old", base: "/tmp")
        let token = try spool.accept(#require(try spool.find(id)?.token), resolved: Data(#"{"stages": []}"#.utf8))
        _ = try spool.move(
            token, from: .queued, to: .failed(reason: "no", stage: nil, finished: .now, bundle: "\(id).tar.zst"))

        #expect(try run(["gc", "--keep-days", "1", "--spool", "s"], in: folder.url).output == "nothing to remove\n")
        let list = try run(["gc", "--keep-jobs", "0", "--spool", "s"], in: folder.url)
        #expect(list.code == 0)
        let lines = list.output.split(separator: "\n")
        #expect(lines.count == 3 && lines[0].hasSuffix("SIZE  WHAT  PATH" + String(repeating: " ", count: 29) + "WHY"))
        #expect(lines[1].contains("job   work/\(id)  failed 0 days ago"), "\(list.output)")
        #expect(lines[2].hasSuffix("would be free; the same command with --yes removes it"))
        #expect(try spool.find(id) != nil)

        let json = try run(["gc", "--keep-jobs", "0", "--yes", "--json", "--spool", "s"], in: folder.url)
        let removed = try JSON(parsing: json.output)
        #expect(removed["removed"] == true && removed["list"]?[0]?["path"]?.string == "work/\(id)")
        #expect(try spool.find(id) == nil)
        #expect(try run(["doctor", "--spool", "s"], in: folder.url).output == "nothing is wrong\n")
        #expect(try run(["gc", "--keep-days", "-1", "--spool", "s"], in: folder.url).code == 2)
    }
}
