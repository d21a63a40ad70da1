import Basics
import Foundation
import Models
import Tensor
import TestSupport
import Testing

/// State_dicts as `torch.save` writes them.
@Suite struct TorchFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ checkpoint: TorchCheckpoint) throws -> WeightsFile {
        try WeightsFile(opening: folder.write(checkpoint.data, to: "w.pth"))
    }

    private func tensor(_ entry: TorchCheckpoint.Entry) throws -> Tensor? {
        try open(TorchCheckpoint([entry])).read([entry.name])[entry.name]
    }

    private static let two = [
        TorchCheckpoint.Entry("a.weight", [2, 3], [1, 2, 3, 4, 5, 6]), TorchCheckpoint.Entry("b", [], [7]),
    ]

    @Test func tensorsAreRead() throws {
        var checkpoint = TorchCheckpoint(Self.two)
        checkpoint.entries[1].isParameter = true
        let file = try open(checkpoint)
        #expect(file.shapes == ["a.weight": [2, 3], "b": []])
        #expect(
            try file.read(["a.weight", "b", "c"]) == ["a.weight": Tensor([2, 3], [1, 2, 3, 4, 5, 6]), "b": Tensor(7)])
        #expect(try file.read(["b"]).keys.sorted() == ["b"])
    }

    /// A file that torch wrote, `Tests/Fixtures/torch/make.py`: views, scalars, every type, behind a link too.
    @Test func torchsOwnFileIsRead() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/torch")
        let link = folder["linked.pth"]
        try FileManager.default.createSymbolicLink(
            at: link, withDestinationURL: fixtures.appending(path: "weights.pth"))
        let place = fixtures.appending(path: "expected.json")
        let expected = try #require(try JSON(parsing: Data(contentsOf: place), at: place.path).object)
        for file in [fixtures.appending(path: "weights.pth"), link] {
            let found = try WeightsFile(opening: file).read(Set(expected.keys))
            #expect(found.count == 9)
            for (name, value) in expected {
                let tensor = try #require(found[name])
                #expect(tensor.shape == value["shape"]?.array?.compactMap(\.integer), "\(name)")
                #expect(tensor.array == value["values"]?.array?.compactMap { $0.number.map { Float($0) } }, "\(name)")
            }
        }
    }

    @Test(arguments: ["model", "state_dict", "model_state_dict"]) func checkpointsHoldThem(_ holder: String) throws {
        var checkpoint = TorchCheckpoint(Self.two)
        checkpoint.holders = [holder]
        #expect(try open(checkpoint).shapes.keys.sorted() == ["a.weight", "b"])
    }

    /// Other entries say which there are.
    @Test func otherDictionariesAreRefused() throws {
        var checkpoint = TorchCheckpoint(Self.two)
        checkpoint.holders = ["weights_of_it"]
        let text = failureText { _ = try open(checkpoint) }
        #expect(text?.contains("the file holds no state_dict; its entries are 'weights_of_it'") == true)
    }

    @Test func typesBecomeFloat32() throws {
        let doubles = [1.5, -2].withUnsafeBytes { Data($0) }
        #expect(try tensor(.init("d", [2], type: "DoubleStorage", bytes: doubles))?.array == [1.5, -2])
        #expect(
            try tensor(.init("h", [2], type: "HalfStorage", bytes: Data([0x00, 0x3E, 0x00, 0xC0])))?.array == [1.5, -2])
        #expect(
            try tensor(.init("b", [2], type: "BFloat16Storage", bytes: Data([0xC0, 0x3F, 0x00, 0xC0])))?.array
                == [1.5, -2])
        let text = failureText {
            _ = try tensor(.init("n", [1], type: "LongStorage", bytes: Data([1, 0, 0, 0, 0, 0, 0, 0])))
        }
        #expect(text?.contains("w.pth: 'n': error: the elements are of the type I64") == true)
    }

    /// Transposed, cut out of the middle, with gaps between rows; two names of one storage.
    @Test func viewsAreGathered() throws {
        var entry = TorchCheckpoint.Entry("t", [3, 2], [0, 1, 2, 3, 4, 5, 6, 7])
        entry.strides = [1, 3]
        entry.offset = 1
        #expect(try tensor(entry) == Tensor([3, 2], [1, 4, 2, 5, 3, 6]))
        entry.shape = [2, 2]
        entry.strides = [4, 1]
        #expect(try tensor(entry) == Tensor([2, 2], [1, 2, 5, 6]))
        entry.shape = [0, 2]
        #expect(try tensor(entry) == Tensor([0, 2], []))
        // channels_last: [1, 2, 2, 2] with the channels innermost.
        entry.shape = [1, 2, 2, 2]
        entry.strides = [8, 1, 4, 2]
        entry.offset = 0
        #expect(try tensor(entry) == Tensor([1, 2, 2, 2], [0, 2, 4, 6, 1, 3, 5, 7]))
    }

    static let badViews: [([Int], [Int], Int, Int?, String)] = [
        ([4], [1], 1, nil, "reaches to element 4, but there are 4"),
        ([2, 2], [-1, 1], 2, nil, "a negative offset or stride"),
        ([2], [1], -1, nil, "a negative offset or stride"),
        ([1 << 40], [0], 0, nil, "shows 1099511627776 elements of 4: it is expanded"),
        ([1 << 40, 1 << 40], [0, 0], 0, nil, "is too large"),
        ([2], [1 << 62, 1], 0, nil, "the sizes [2] and the strides"),
        ([3], [1 << 62], 0, nil, "is too large"),
        ([4], [1], 0, 1 << 40, "the elements of 'w' are 1099511627776 of 4 bytes, but 'data/0' has 16 bytes"),
        ([4], [1], 0, -4, "the storage 0 has -4 elements"),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1], 0, nil, "the sizes"),
    ]

    @Test(arguments: badViews)
    func badViewsAreRefused(shape: [Int], strides: [Int], offset: Int, count: Int?, message: String) throws {
        var entry = TorchCheckpoint.Entry("w", shape, [1, 2, 3, 4])
        entry.strides = strides
        entry.offset = offset
        entry.count = count
        let text = failureText { _ = try tensor(entry) }
        #expect(text?.contains(message) == true, "\(text ?? "accepted")")
    }

    @Test func otherFilesAreRefused() throws {
        func refusal(_ data: Data) -> String {
            failureText(in: folder) { _ = try WeightsFile(opening: folder.write(data, to: "x")) } ?? "accepted"
        }
        #expect(
            refusal(Data([0x80, 2, 0x8A, 10]) + Data(count: 100))
                == "~/x: error: this is a .pth of the old kind (before torch 1.6), a bare pickle\n"
                + "  remedy: load it with a current torch and save it again with torch.save, or as safetensors")
        #expect(refusal(Data("GIF89a and more".utf8)).contains("no safetensors file"))
        #expect(refusal(Data()).contains("at least 8 bytes"))
        var zip = StoredZip()
        zip.add("hello", "world")
        #expect(refusal(zip.data).contains("the zip holds no 'NAME/data.pkl'"))
        zip.add("m/data.pkl", "x")
        zip.add("m/constants.pkl", "x")
        #expect(refusal(zip.data).contains("this is a TorchScript program"))
        var checkpoint = TorchCheckpoint(Self.two)
        checkpoint.byteOrder = "big"
        #expect(refusal(checkpoint.data).contains("big-endian"))
        zip = StoredZip()
        zip.add("m/data.pkl", checkpoint.pickle)
        #expect(refusal(zip.data).contains("there is no member 'data/"))
        zip.add("m/data/0", Data(count: 100), declaredSize: 1 << 30, method: 8)
        #expect(refusal(zip.data).contains("more than the"))
    }

    @Test func truncatedFilesAreRefused() throws {
        let whole = TorchCheckpoint(Self.two).data
        for count in stride(from: 0, to: whole.count, by: 41) {
            #expect(throws: Failure.self) {
                try WeightsFile(opening: folder.write(whole.prefix(count), to: "cut.pth"))
            }
        }
    }

    @Test func safeTensorsAreReadAlike() throws {
        let tensors: NamedTensors = ["a": Tensor([2], [1, 2]), "b": Tensor([1, 3], [3, 4, 5])]
        try SafeTensors.write(tensors, to: folder["w"])
        let file = try WeightsFile(opening: folder["w"])
        #expect(file.shapes == ["a": [2], "b": [1, 3]])
        #expect(try file.read(["a", "b"]) == tensors)
        #expect(throws: Failure.self) { try WeightsFile(opening: folder["nowhere"]) }
    }

    /// A counter beside weights is no reason to refuse them.
    @Test func integersOfSafeTensorsMayBeThere() throws {
        let header =
            #"{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"w":{"dtype":"F64","shape":[1],"data_offsets":[8,16]}}"#
        var data = Data()
        data.append(little: UInt64(header.utf8.count))
        data += Data(header.utf8)
        data.append(little: Int64(3))
        data.append(little: (2.5).bitPattern)
        let file = try WeightsFile(opening: folder.write(data, to: "w"))
        #expect(try file.read(["w"]) == ["w": Tensor([1], [2.5])])
        #expect(throws: Failure.self) { try file.read(["n"]) }
    }
}
