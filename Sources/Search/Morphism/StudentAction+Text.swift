import Basics
import DetectorKit

extension StudentAction: CustomStringConvertible {
    /// `remove stage3.block2`, `set stage2.trunk to 96`: what `init(parsing:)` reads. Stages and blocks count from 1.
    public var description: String {
        switch self {
        case .addBlock(let stage): "add a block to stage\(stage + 1)"
        case .removeBlock(let stage, let block): "remove stage\(stage + 1).block\(block + 1)"
        case .moveBlock(let stage, let block, let other):
            "move stage\(stage + 1).block\(block + 1) to stage\(other + 1)"
        case .setWidth(let knob, let width): "set \(knob) to \(width)"
        case .setInput(let size): "set input to \(size.shorter)x\(size.longer)"
        case .setProposals(let count): "keep \(count) proposals"
        }
    }

    /// How actions are written, for help and errors.
    public static let grammar =
        "'add a block to stageS', 'remove stageS.blockB', 'move stageS.blockB to stageS', 'set WIDTH to N' (stem, "
        + "stageS.trunk, stageS.blockB.innerI, top, neck.lateral, neck.output, proposal, head0, head1), "
        + "'set input to SHORTERxLONGER' or 'keep N proposals'"

    /// Reads what `description` writes.
    public init(parsing text: String) throws {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let action = Self.parse(words) else {
            throw Failure("no action: '\(text)'", remedy: "write \(Self.grammar)")
        }
        self = action
    }

    private static func parse(_ words: [String]) -> StudentAction? {
        switch (words.first, words.count) {
        case ("add", 5) where words[1...3] == ["a", "block", "to"]:
            return numbers(words[4], "stage").map { .addBlock(stage: $0[0]) }
        case ("remove", 2):
            return numbers(words[1], "stage", "block").map { .removeBlock(stage: $0[0], block: $0[1]) }
        case ("move", 4) where words[2] == "to":
            guard let from = numbers(words[1], "stage", "block"), let to = numbers(words[3], "stage") else {
                return nil
            }
            return .moveBlock(stage: from[0], block: from[1], to: to[0])
        case ("set", 4) where words[1] == "input" && words[2] == "to":
            let sides = words[3].split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard sides.count == 2, let shorter = sides[0], let longer = sides[1] else { return nil }
            return .setInput(.init(shorter: shorter, longer: longer))
        case ("keep", 3) where words[2] == "proposals":
            return Int(words[1]).map { .setProposals($0) }
        case ("set", 4) where words[2] == "to":
            guard let knob = Knob(parsing: words[1]), let width = Int(words[3]) else { return nil }
            return .setWidth(knob: knob, width: width)
        default: return nil
        }
    }
}

/// The numbers of `stage2.block3`, counted from 0; nil where the text has other parts than these names.
private func numbers(_ text: String, _ names: String...) -> [Int]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == names.count else { return nil }
    var numbers: [Int] = []
    for (part, name) in zip(parts, names) {
        guard part.hasPrefix(name), let number = Int(part.dropFirst(name.count)), (1...100_000).contains(number)
        else { return nil }
        numbers.append(number - 1)
    }
    return numbers
}

extension Knob {
    /// Reads what `description` writes.
    init?(parsing text: String) {
        switch text {
        case "stem": self = .stem
        case "top": self = .top
        case "neck.lateral": self = .lateral
        case "neck.output": self = .neck
        case "proposal": self = .proposal
        default:
            if text.hasPrefix("head"), let layer = Int(text.dropFirst(4)), (0...1).contains(layer) {
                self = .head(layer)
            } else if text.hasSuffix(".trunk"), let stage = numbers(String(text.dropLast(6)), "stage") {
                self = .trunk(stage: stage[0])
            } else if let dot = text.lastIndex(of: "."), text[dot...].hasPrefix(".inner"),
                let index = Int(text[dot...].dropFirst(6)), (0...100).contains(index),
                let place = numbers(String(text[..<dot]), "stage", "block")
            {
                self = .inner(stage: place[0], block: place[1], index: index)
            } else {
                return nil
            }
        }
    }
}

extension StudentAction: Codable {
    /// As its description: files of actions are read by people.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }
}
