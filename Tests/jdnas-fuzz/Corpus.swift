import Basics
import Foundation

/// Inputs to mutate: the seeds, and those whose outcome was a new one.
struct Corpus {
    private var inputs: [Data]
    private var seen: Set<String> = []

    init(seeds: [Data]) { inputs = seeds }

    /// How many different ones were seen.
    var outcomes: Int { seen.count }

    /// A mutated input. Late ones are chosen as often as all the others.
    func next(_ random: inout RandomStream) -> Data {
        let late = max(1, inputs.count / 4)
        let index =
            random.index(below: 2) == 0
            ? random.index(below: inputs.count) : inputs.count - 1 - random.index(below: late)
        let other = inputs[random.index(below: inputs.count)]
        return Mutator.mutated(inputs[index], with: other, &random)
    }

    mutating func note(_ input: Data, outcome: String) {
        guard seen.insert(outcome).inserted, input.count <= 1 << 16 else { return }
        inputs.append(input)
    }
}
