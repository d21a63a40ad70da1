import Basics
import Testing

@Suite struct SuggestionTests {
    /// Names of tensors and files may hold anything; a terminal is not steered by them.
    @Test func failuresSteerNoTerminal() {
        let failure = Failure("'a\u{1B}[31m\u{7}' is missing", at: "x\u{9B}y", remedy: "first\nsecond\tthird")
        #expect(
            failure.description
                == "x\u{FFFD}y: error: 'a\u{FFFD}[31m\u{FFFD}' is missing\n  remedy: first\nsecond\tthird")
    }

    private static let words = ["train", "teacher-pool", "joint-search", "evaluate", "epochs"]

    @Test(arguments: [
        ("trian", "train"), ("Train", "train"), ("tain", "train"), ("epoch", "epochs"),
        ("joint_search", "joint-search"),
        ("evalute", "evaluate"), ("teacherpool", "teacher-pool"),
    ])
    func slipsAreUnderstood(_ word: String, _ meant: String) {
        #expect(suggestion(for: word, among: Self.words) == meant)
    }

    @Test(arguments: ["", "x", "banana", "pool"])
    func otherWordsAreNot(_ word: String) { #expect(suggestion(for: word, among: Self.words) == nil) }

    /// The nearest one, whatever both begin and end with; of equals the first by name.
    @Test(arguments: [
        ("xxxxxxxxab", "xxxxxxxxba"), ("data-12-set", "data-1-set"), ("stage-one", "stage-on"), ("aab", "aaab"),
        ("ab", "ba"), ("abcdefgh", "abdcefhg"),
    ])
    func nearestOfMany(_ word: String, _ meant: String) {
        let others = ["zzzzzzzz", "data-99-sets", "stage-three", "aaaaaaaa", "xxxxxxyyyyyy"]
        #expect(suggestion(for: word, among: others + [meant]) == meant)
    }

    /// A third of the letters may differ, not more.
    @Test func distancesAreBounded() {
        #expect(suggestion(for: "abcdefghi", among: ["abcdefxyz"]) == "abcdefxyz")
        #expect(suggestion(for: "abcdefghi", among: ["abcdewxyz"]) == nil)
        #expect(suggestion(for: "abcdefghi", among: ["xyzabcdefghi"]) == "xyzabcdefghi")
        #expect(suggestion(for: "abcdefghi", among: ["wvxyzabcdefghi"]) == nil)
    }

    @Test func nothingIsSuggestedFromNothing() { #expect(suggestion(for: "train", among: [String]()) == nil) }
}

@Suite struct SpanTextTests {
    @Test(arguments: [
        (0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"),
        (185, "3 min 05 s"), (3599.6, "1 h 00 min"), (7620, "2 h 07 min"), (-1, "unknown"), (.infinity, "unknown"),
    ])
    func spans(_ seconds: Double, _ text: String) { #expect(spanText(seconds: seconds) == text) }
}

@Suite struct FailureTests {
    @Test func theTextHasPlaceAndRemedy() {
        let failure = Failure("it is wrong", at: "file:1:2", remedy: "mend it")
        #expect("\(failure)" == "file:1:2: error: it is wrong\n  remedy: mend it")
        #expect("\(Failure("it is wrong"))" == "error: it is wrong")
        #expect("\(Failure.system("open", at: "file", errno: 2))" == "file: error: open: No such file or directory")
    }
}
