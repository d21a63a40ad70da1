import Basics
import Foundation
import TestSupport
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4's examples (NIST, "Cryptographic Standards and Guidelines: Examples with Intermediate Values").
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func knownVectors(_ text: String, _ hex: String) throws {
        #expect(Digest(of: text).hex == hex)
        let folder = try TemporaryFolder()
        let file = try folder.write(text, to: "text")
        #expect(try Digest(ofFile: file).hex == hex)
        var stream = SHA256Stream()
        for start in stride(from: 0, to: text.utf8.count, by: 4097) {
            stream.update(Data(text.utf8.dropFirst(start).prefix(4097)))
        }
        #expect(stream.finish().hex == hex)
    }

    @Test func onlySixtyFourHexadecimalDigitsAreADigest() throws {
        let digest = Digest(of: "abc")
        #expect(Digest(hex: digest.hex.uppercased()) == digest)
        #expect(digest.short == "ba7816bf8f01")
        for wrong in ["", String(digest.hex.dropLast()), digest.hex + "0", "g" + digest.hex.dropFirst()] {
            #expect(Digest(hex: wrong) == nil, "\(wrong)")
        }
        #expect(try JSON(encoding: [digest]).decode([Digest].self) == [digest])
        #expect(throws: Failure.self) { try JSON(parsing: #"["ab"]"#).decode([Digest].self) }
    }

    @Test func aFileThatIsNotThereIsTheMachinesFault() throws {
        let folder = try TemporaryFolder()
        let failure = #expect(throws: Failure.self) { try Digest(ofFile: folder["none"]) }
        #expect(failure?.cause == .system && failure?.place == folder["none"].path)
    }
}
