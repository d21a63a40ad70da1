import Basics
import Foundation
import Models
import Tensor
import Testing

private func file(_ header: String, _ elements: [UInt8] = []) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    return data + Data(header.utf8) + Data(elements)
}

@Suite struct SafeTensorsTests {
    @Test func whatIsWrittenIsReadAgain() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "jdnas-\(UUID()).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        let image = Tensor([1, 16, 2, 3], (0..<96).map { Float($0) }).blocked(8)
        let tensors: NamedTensors = [
            "b": image, "a.weight": Tensor([2, 2], [1, -0.0, .infinity, .leastNonzeroMagnitude]), "scalar": Tensor(7),
            "empty": Tensor([0, 4], []),
        ]
        try SafeTensors.write(tensors, metadata: ["format": "pt", "note": "é\n"], to: url)
        let again = try SafeTensors.read(url)
        #expect(again.metadata == ["format": "pt", "note": "é\n"])
        #expect(again.tensors.keys.sorted() == tensors.keys.sorted())
        for (name, tensor) in tensors {
            #expect(again.tensors[name]?.shape == tensor.shape)
            #expect(again.tensors[name]?.array.map(\.bitPattern) == tensor.array.map(\.bitPattern))
        }
        #expect(
            SafeTensors(again.tensors, metadata: again.metadata).encoded()
                == SafeTensors(tensors, metadata: again.metadata).encoded())
    }

    /// The bytes as the `safetensors` Python package writes them, unpadded header included.
    @Test func readsHalvesAndUnalignedHeaders() throws {
        let header =
            #"{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1,1],"data_offsets":[4,6]}}"#
        let parsed = try SafeTensors(parsing: file(header, [0x00, 0x3E, 0x01, 0x80, 0xC0, 0xBF]), at: "x")
        #expect(parsed.tensors["h"]?.array == [1.5, -Float(Float16.leastNonzeroMagnitude)])
        #expect(parsed.tensors["b"]?.array == [-1.5])
        #expect(parsed.tensors["b"]?.shape == [1, 1])
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "4 bytes do not hold F32 elements of shape [2]"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "begin at 4, not at 0"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "4 bytes at the end belong to no tensor"),
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "lie beyond the 8 bytes"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            "begin at 4, not at 8"
        ),
        (#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, "the element type is 'I64'"),
        (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "the shape is not a list of sizes"),
        (#"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#, "the shape is not a list of sizes"),
        (#"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, "the shape is not a list of sizes"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "'data_offsets' are not a begin and an end"),
        (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, "too large"),
        (#"{"a":[]}"#, "the element type is 'none'"),
        (#"{"__metadata__":{"a":1}}"#, "the metadata is not an object of texts"),
        (#"["a"]"#, "the header is no JSON object"),
        (#"{"a":"#, "the header is no JSON object"),
    ])
    func refusesDamage(header: String, message: String) {
        let error = #expect(throws: Failure.self) {
            try SafeTensors(parsing: file(header, [UInt8](repeating: 0, count: 8)), at: "w.safetensors")
        }
        #expect(error?.what.contains(message) == true, "\(error?.what ?? "")")
        #expect(error?.place?.hasPrefix("w.safetensors") == true)
        #expect(error?.remedy != nil)
    }

    @Test func refusesEveryTruncation() throws {
        let whole = SafeTensors(["a": Tensor([3], [1, 2, 3]), "b": Tensor([1], [4])]).encoded()
        #expect(try SafeTensors(parsing: whole, at: "w").tensors.count == 2)
        for count in 0..<whole.count {
            #expect(throws: Failure.self) { try SafeTensors(parsing: whole.prefix(count), at: "w") }
        }
        #expect(throws: Failure.self) { try SafeTensors(parsing: Data(repeating: 0xFF, count: 64), at: "w") }
        #expect(throws: Failure.self) { try SafeTensors.read(URL(filePath: "/nowhere/w.safetensors")) }
    }
}
