import Basics
import Foundation

/// Reads a state_dict's pickle. It is data to this machine: nothing is executed, nothing is looked up by name, and
/// whatever a state_dict has no use for is refused.
struct PickleMachine {
    let place: String
    var bytes: PickleBytes
    var stack: [PickleValue] = []
    /// The stack's height at each mark.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    /// The value that a pickle describes; `place` names the file in errors.
    static func value(of data: Data, at place: String) throws -> PickleValue {
        var machine = PickleMachine(place: place, bytes: PickleBytes(data))
        do {
            return try machine.run()
        } catch PickleNode.Problem.closed {
            throw machine.refuse("the pickle changes a value that lies in another one already")
        } catch PickleNode.Problem.tooDeep {
            throw machine.refuse("the pickle nests values more than \(PickleNode.deepest) deep")
        }
    }

    private init(place: String, bytes: PickleBytes) {
        self.place = place
        self.bytes = bytes
    }

    private mutating func run() throws -> PickleValue {
        guard let start = bytes.take(2), start.first == PickleOpcode.proto.rawValue, let version = start.last,
            (2...5).contains(version)
        else { throw refuse("its data.pkl is no pickle of protocol 2 to 5") }
        while true {
            let code = try need(bytes.unsigned(1))
            guard let opcode = PickleOpcode(rawValue: UInt8(code)) else {
                throw refuse("the pickle has the byte \(code) where an opcode must stand")
            }
            if opcode == .stop { break }
            try run(opcode)
        }
        guard stack.count == 1, marks.isEmpty, bytes.left == 0 else {
            throw refuse("the pickle does not end with its one value")
        }
        return stack[0]
    }

    private mutating func run(_ opcode: PickleOpcode) throws {
        switch opcode {
        case .frame:
            guard let length = bytes.unsigned(8), length <= bytes.left else { throw cutOff }
        case .mark: marks.append(stack.count)
        case .none: stack.append(.none)
        case .newTrue: stack.append(.boolean(true))
        case .newFalse: stack.append(.boolean(false))
        case .binInt: stack.append(.integer(try need(bytes.signed(4))))
        case .binInt1: stack.append(.integer(try need(bytes.unsigned(1))))
        case .binInt2: stack.append(.integer(try need(bytes.unsigned(2))))
        case .long1: stack.append(.integer(try longInteger()))
        case .binFloat: stack.append(.number(try bigEndianDouble()))
        case .binUnicode: stack.append(.text(try text(lengthBytes: 4)))
        case .shortBinUnicode: stack.append(.text(try text(lengthBytes: 1)))
        case .emptyTuple: stack.append(.tuple(PickleNode()))
        case .emptyList: stack.append(.list(PickleNode()))
        case .emptyDict: stack.append(.dictionary(PickleNode()))
        case .tuple: stack.append(.tuple(try PickleNode(popToMark())))
        case .tuple1: stack.append(.tuple(try PickleNode(pop(1))))
        case .tuple2: stack.append(.tuple(try PickleNode(pop(2))))
        case .tuple3: stack.append(.tuple(try PickleNode(pop(3))))
        case .append: try appendToList(pop(1))
        case .appends: try appendToList(popToMark())
        case .setItem: try setItems(pop(2))
        case .setItems: try setItems(popToMark())
        case .binPut: try put(need(bytes.unsigned(1)))
        case .longBinPut: try put(need(bytes.unsigned(4)))
        case .memoize: try put(memo.count)
        case .binGet: try get(need(bytes.unsigned(1)))
        case .longBinGet: try get(need(bytes.unsigned(4)))
        case .global: stack.append(.global(try global(need(bytes.line()), need(bytes.line()))))
        case .stackGlobal:
            let names = try pop(2)
            guard let module = names[0].text, let name = names[1].text else {
                throw refuse("the pickle names something by what is no text")
            }
            stack.append(.global(try global(module, name)))
        case .binPersID: stack.append(.storage(try storage(pop(1)[0])))
        case .reduce:
            let call = try pop(2)
            stack.append(try result(of: call[0], call[1]))
        case .build:
            // An OrderedDict's attributes: torch keeps the versions of modules there (`_metadata`).
            _ = try pop(1)
            guard case .dictionary? = stack.last else {
                throw refuse("the pickle gives attributes to what is no OrderedDict")
            }
        default: throw refuse("the pickle has the opcode \(opcode.name), which no state_dict needs")
        }
    }

    // MARK: The stack

    /// The topmost values, lowest first; none from below a mark.
    private mutating func pop(_ count: Int) throws -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw refuse("the pickle takes more values than it has") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw refuse("the pickle takes values up to a mark that is not there") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    /// Mutating, so that it looks at the stack after its argument was taken from there.
    private mutating func appendToList(_ values: [PickleValue]) throws {
        guard case .list(let node)? = stack.last else { throw refuse("the pickle appends to what is no list") }
        try node.append(values)
    }

    private mutating func setItems(_ values: [PickleValue]) throws {
        guard case .dictionary(let node)? = stack.last, values.count % 2 == 0 else {
            throw refuse("the pickle sets items of what is no dictionary")
        }
        try node.append(values)
    }

    private mutating func put(_ index: Int) throws {
        guard let top = stack.last else { throw refuse("the pickle keeps a value that is not there") }
        memo[index] = top
    }

    private mutating func get(_ index: Int) throws {
        guard let value = memo[index] else {
            throw refuse("the pickle refers to a value \(index) that it did not keep")
        }
        stack.append(value)
    }

    // MARK: Numbers and texts

    private mutating func longInteger() throws -> Int {
        let length = try need(bytes.unsigned(1))
        guard length <= 8 else { throw refuse("the pickle has an integer of \(length) bytes") }
        return try need(bytes.signed(length))
    }

    private mutating func bigEndianDouble() throws -> Double {
        Double(bitPattern: try need(bytes.take(8)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private mutating func text(lengthBytes: Int) throws -> String {
        let length = try need(bytes.unsigned(lengthBytes))
        guard length <= bytes.left else { throw cutOff }
        guard let text = bytes.text(length) else { throw refuse("the pickle has a text that is not UTF-8") }
        return text
    }

    // MARK: Errors

    func need<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw cutOff }
        return value
    }

    private var cutOff: Failure { refuse("the pickle ends before its value does") }

    func refuse(_ what: String) -> Failure {
        Failure(
            what, at: place,
            remedy: "save the weights alone, with a current torch: torch.save(model.state_dict(), FILE)")
    }
}
