import Basics
import Foundation
import TestSupport
import Testing

@Suite struct JSONTests {
    @Test func canonicalTextSortsKeysAndHasNoSpaces() {
        let value: JSON = [
            "b": [1, 2.5, .null, true, "x"], "a": ["z": [:], "y": []], "é": 0.1, "c": -3,
        ]
        #expect(value.canonicalText == #"{"a":{"y":[],"z":{}},"b":[1,2.5,null,true,"x"],"c":-3,"é":0.1}"#)
    }

    @Test(arguments: [
        (1.0, "1.0"), (0.1, "0.1"), (1e16, "1e+16"), (-0.0, "-0.0"),
        (2.2250738585072014e-308, "2.2250738585072014e-308"), (123456.789, "123456.789"),
        (.infinity, "null"), (.nan, "null"),
    ])
    func numbersAreAsShortAsCanBe(_ value: Double, _ text: String) { #expect(JSON.number(value).canonicalText == text) }

    @Test func numbersComeBackBitForBit() throws {
        var random = RandomStream(seed: 2)
        for _ in 0..<200 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let back = try JSON(parsing: JSON.number(value).canonicalText).number
            #expect(back?.bitPattern == value.bitPattern || back == value && value == 0)
        }
        for value in [Int.max, .min, 1 << 53 + 1] {
            #expect(try JSON(parsing: JSON.integer(value).canonicalText).integer == value)
        }
    }

    @Test func textsAreEscaped() throws {
        let text = "a\"b\\c\nd\r\te\u{1}é\u{1F600}"
        #expect(JSON.string(text).canonicalText == #""a\"b\\c\nd\r\te\u0001é😀""#)
        #expect(try JSON(parsing: JSON.string(text).canonicalText).string == text)
    }

    @Test func prettyTextKeepsRowsOnOneLine() {
        let value: JSON = ["box": [1, 2], "list": [["a": 1]]]
        #expect(
            value.prettyText == """
                {
                  "box": [1, 2],
                  "list": [
                    {
                      "a": 1
                    }
                  ]
                }

                """)
    }

    @Test func membersAreReadByTypeOnly() {
        let value: JSON = ["whole": 3.0, "part": 3.5, "text": "3"]
        #expect(value["whole"]?.integer == 3 && value["part"]?.integer == nil && value["text"]?.integer == nil)
        #expect(value["none"] == nil && value[0] == nil)
    }

    private struct Sample: Codable, Equatable {
        struct Inner: Codable, Equatable { var number: Double }
        var inner: [Inner]
    }

    @Test func valuesGoThroughJSON() throws {
        let sample = Sample(inner: [.init(number: 0.1), .init(number: 1)])
        #expect(try JSON(encoding: sample).decode(Sample.self) == sample)
        let text = failureText { _ = try JSON(parsing: #"{"inner": [{}]}"#).decode(Sample.self, at: "file") }
        #expect(text?.hasPrefix("file: error: inner.0 lacks 'number'") == true, "\(text ?? "nothing")")
    }

    @Test func brokenTextIsRefusedWithItsPlace() {
        let text = failureText { _ = try JSON(parsing: "{\"a\": ", at: "some.json") }
        #expect(text?.hasPrefix("some.json: error: not valid JSON") == true)
    }
}
