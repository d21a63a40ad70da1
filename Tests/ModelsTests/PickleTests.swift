import Basics
import Foundation
import Models
import Tensor
import TestSupport
import Testing

/// Pickles that no state_dict is: each is refused, and nothing in them is run.
@Suite struct PickleTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func refusal(_ pickle: Data) -> String {
        let checkpoint = TorchCheckpoint([.init("w", [1], [1])])
        return failureText(in: folder) {
            _ = try WeightsFile(opening: folder.write(checkpoint.zip(pickle: pickle), to: "w.pth"))
        } ?? "accepted"
    }

    private func refusal(_ write: (inout PickleText) -> Void) -> String {
        var pickle = PickleText()
        write(&pickle)
        return refusal(pickle.data)
    }

    @Test(arguments: [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("argparse", "Namespace")])
    func callsAreRefusedByName(_ module: String, _ name: String) throws {
        let text = refusal { pickle in
            pickle.global(module, name)
            pickle.text("touch /tmp/evil")
            pickle.raw(0x85)
            pickle.codes("R.")
        }
        #expect(
            text.hasPrefix("~/w.pth: error: the file wants to call '\(module).\(name)', which no state_dict does\n"))
        #expect(text.contains("remedy: nothing was run; "))
        let byStack = refusal { pickle in
            pickle.text(module)
            pickle.text(name)
            pickle.raw(0x93)
            pickle.codes(".")
        }
        #expect(byStack.contains("the file wants to call '\(module).\(name)'"))
    }

    @Test func controlCharactersOfNamesAreNotPrinted() throws {
        #expect(refusal { $0.global("os\u{1B}[2J", "x") }.contains("'os?[2J.x'"))
    }

    static let broken: [(String, [UInt8], String)] = [
        ("no value", [0x2E], "does not end with its one value"),
        ("two values", [0x4E, 0x4E, 0x2E], "does not end with its one value"),
        ("a mark is left", [0x28, 0x4E, 0x2E], "does not end with its one value"),
        ("bytes behind the end", [0x4E, 0x2E, 0x4E], "does not end with its one value"),
        ("no end", [0x4E], "ends before its value does"),
        ("cut in a text", [0x58, 200, 0, 0, 0, 0x41], "ends before its value does"),
        ("cut in an integer", [0x4A, 1], "ends before its value does"),
        ("cut in a name", [0x63, 0x6F, 0x73], "ends before its value does"),
        (
            "a frame beyond the end", [0x95, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            "ends before its value does"
        ),
        ("text that is not UTF-8", [0x58, 1, 0, 0, 0, 0xFF], "not UTF-8"),
        ("memo out of range", [0x68, 7, 0x2E], "refers to a value 7 that it did not keep"),
        ("long memo out of range", [0x6A, 255, 255, 255, 255, 0x2E], "refers to a value 4294967295"),
        ("keeps nothing", [0x71, 0], "keeps a value that is not there"),
        ("tuple of too few", [0x4E, 0x86], "takes more values than it has"),
        ("takes from below a mark", [0x4E, 0x28, 0x85], "takes more values than it has"),
        ("no mark", [0x74], "a mark that is not there"),
        ("appends to None", [0x4E, 0x4E, 0x61], "appends to what is no list"),
        ("sets items of a list", [0x5D, 0x4E, 0x4E, 0x73], "sets items of what is no dictionary"),
        ("an odd number of items", [0x7D, 0x28, 0x4E, 0x75], "sets items of what is no dictionary"),
        ("attributes of None", [0x4E, 0x4E, 0x62], "attributes to what is no OrderedDict"),
        ("calls None", [0x4E, 0x29, 0x52], "calls None, which is no function"),
        ("names by integers", [0x4B, 1, 0x4B, 2, 0x93], "by what is no text"),
        ("a long of 255 bytes", [0x8A, 255], "an integer of 255 bytes"),
        ("persistent id of None", [0x4E, 0x51], "no storage of torch's"),
        ("an instance", [0x28, 0x69], "the opcode INST, which no state_dict needs"),
        ("a new object", [0x81], "the opcode NEWOBJ, which"),
        ("an extension", [0x82, 1], "the opcode EXT1, which"),
        ("a short string", [0x55, 0], "the opcode SHORT_BINSTRING, which"),
        ("a buffer", [0x98], "the opcode READONLY_BUFFER, which"),
        ("no opcode", [0xFE], "the byte 254 where an opcode must stand"),
        ("no state_dict", [0x4E, 0x2E], "the file holds None, not a state_dict"),
        ("empty", [0x7D, 0x2E], "the file holds no state_dict"),
    ]

    @Test(arguments: broken) func brokenPicklesAreRefused(_ what: String, _ bytes: [UInt8], _ message: String) throws {
        let text = refusal(Data([0x80, 2]) + Data(bytes))
        #expect(text.contains(message), "\(what): \(text)")
    }

    @Test(arguments: [[0x80, 1, 0x4E, 0x2E], [0x80, 6, 0x4E, 0x2E], [0x4E, 0x2E], [0x28], []] as [[UInt8]])
    func otherProtocolsAreRefused(_ bytes: [UInt8]) throws {
        #expect(refusal(Data(bytes)).contains("no pickle of protocol 2 to 5"))
    }

    /// A million nested tuples must neither be built nor be freed by recursion.
    @Test func deepNestingIsRefused() throws {
        let tuples = refusal(Data([0x80, 2, 0x29]) + Data(repeating: 0x85, count: 1_000_000) + Data([0x2E]))
        #expect(tuples.contains("nests values more than 64 deep"))
        let lists = refusal(
            Data([0x80, 2]) + Data(repeating: 0x5D, count: 1_000) + Data(repeating: 0x61, count: 999))
        #expect(lists.contains("nests values more than 64 deep"))
        // Each list is kept, then put into the one before it.
        var chain = Data([0x80, 2])
        for index in 0..<200 { chain += Data([0x5D, 0x71, UInt8(index)]) }
        for index in 0..<199 { chain += Data([0x68, UInt8(index), 0x68, UInt8(index + 1), 0x61]) }
        #expect(refusal(chain).contains("changes a value that lies in another one"))
    }

    @Test func nothingContainsItself() throws {
        #expect(
            refusal(Data([0x80, 2, 0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E])).contains(
                "changes a value that lies in another one"))
        #expect(
            refusal(Data([0x80, 2, 0x5D, 0x71, 0, 0x85, 0x68, 0, 0x4E, 0x61, 0x2E])).contains(
                "changes a value that lies in another one"))
    }

    @Test func callsWithOtherArgumentsAreRefused() throws {
        let text = refusal { pickle in
            pickle.global("torch._utils", "_rebuild_tensor_v2")
            pickle.tuple([1, 2, 3, 4, 5, 6])
            pickle.codes("R.")
        }
        #expect(text.contains("calls 'torch._utils._rebuild_tensor_v2' with other arguments than torch writes"))
        let key = refusal { pickle in
            pickle.tensor(
                key: "../0", type: "FloatStorage", count: 1, offset: 0, shape: [1], strides: [1], asParameter: false)
        }
        #expect(key.contains("a storage has the key '../0'"))
    }

    /// Whatever byte is wrong: an error or a value, never a trap.
    @Test func damagedPicklesNeverCrash() throws {
        var entry = TorchCheckpoint.Entry("layer.weight", [2, 2], [1, 2, 3, 4])
        entry.isParameter = true
        let checkpoint = TorchCheckpoint([entry, .init("b", [300], [Float](repeating: 0, count: 300))])
        let pickle = checkpoint.pickle
        var random = RandomStream(seed: 3)
        for index in pickle.indices {
            for _ in 0..<3 {
                var damaged = pickle
                damaged[index] = UInt8.random(in: 0...255, using: &random)
                let url = try folder.write(checkpoint.zip(pickle: damaged), to: "w.pth")
                if let file = try? WeightsFile(opening: url) { _ = try? file.read(Set(file.shapes.keys)) }
            }
        }
    }

    /// What Python's protocol 4 writes: frames, MEMOIZE, STACK_GLOBAL, short texts.
    @Test func protocolFourIsRead() throws {
        var pickle = Data([0x80, 4, 0x95, 0x20, 0, 0, 0, 0, 0, 0, 0])
        func short(_ text: String) -> Data { Data([0x8C, UInt8(text.utf8.count)]) + Data(text.utf8) }
        func name(_ module: String, _ name: String) -> Data { short(module) + short(name) + Data([0x93, 0x94]) }
        pickle += Data([0x7D, 0x94]) + short("w") + name("torch._utils", "_rebuild_tensor_v2")
        pickle += Data([0x28, 0x28]) + short("storage") + name("torch", "FloatStorage") + short("0") + short("cuda:0")
        pickle += Data([0x4B, 1, 0x74, 0x94, 0x51, 0x4B, 0, 0x4B, 1, 0x85, 0x94, 0x4B, 1, 0x85, 0x89])
        pickle +=
            name("collections", "OrderedDict") + Data([0x29, 0x52, 0x94, 0x4E, 0x74, 0x94, 0x52, 0x94, 0x73, 0x2E])
        let checkpoint = TorchCheckpoint([.init("w", [1], [9])])
        let file = try WeightsFile(opening: folder.write(checkpoint.zip(pickle: pickle), to: "w.pth"))
        #expect(try file.read(["w"])["w"]?.array == [9])
    }
}
