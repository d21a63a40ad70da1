/// A value of a pickle, of the few kinds that a state_dict is made of.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case tuple(PickleNode)
    case list(PickleNode)
    /// Keys and values in turn; also an OrderedDict.
    case dictionary(PickleNode)
    case global(PickleGlobal)
    case storage(TorchStorage)
    case tensor(TorchTensor)

    var node: PickleNode? {
        switch self {
        case .tuple(let node), .list(let node), .dictionary(let node): node
        default: nil
        }
    }

    var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    var text: String? { if case .text(let value) = self { value } else { nil } }
    var tensor: TorchTensor? { if case .tensor(let value) = self { value } else { nil } }

    /// What people call it.
    var kind: String {
        switch self {
        case .none: "None"
        case .boolean: "a truth value"
        case .integer: "an integer"
        case .number: "a number"
        case .text: "a text"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .global(let global): "'\(global.rawValue)'"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// The elements of a tuple, list or dictionary.
///
/// A pickle may refer to a value again, so these are shared. Once it lies in another one it does not change any more
/// (real pickles fill a container before they pass it on): nothing can come to contain itself, and `depth` is final.
final class PickleNode {
    private(set) var elements: [PickleValue] = []
    /// 1 above that of the deepest element.
    private(set) var depth = 1
    private var isClosed = false

    enum Problem: Error { case closed, tooDeep }

    /// More than any checkpoint nests; little enough for recursion, also for the one that frees values.
    static let deepest = 64

    init() {}

    init(_ elements: some Sequence<PickleValue>) throws { try append(elements) }

    func append(_ values: some Sequence<PickleValue>) throws {
        for value in values {
            value.node?.isClosed = true
            guard !isClosed else { throw Problem.closed }
            depth = max(depth, 1 + (value.node?.depth ?? 0))
            guard depth <= Self.deepest else { throw Problem.tooDeep }
            elements.append(value)
        }
    }

    /// The pairs of a dictionary.
    var pairs: [(key: PickleValue, value: PickleValue)] {
        stride(from: 0, to: elements.count - 1, by: 2).map { (elements[$0], elements[$0 + 1]) }
    }

    /// The value of a text key.
    subscript(key: String) -> PickleValue? { pairs.last { $0.key.text == key }?.value }
}

/// What a state_dict's pickle may name; nothing else is looked up, and nothing is run.
enum PickleGlobal: String, CaseIterable {
    case orderedDictionary = "collections.OrderedDict"
    case rebuildTensor = "torch._utils._rebuild_tensor_v2"
    case rebuildParameter = "torch._utils._rebuild_parameter"
    case float = "torch.FloatStorage"
    case double = "torch.DoubleStorage"
    case half = "torch.HalfStorage"
    case bfloat16 = "torch.BFloat16Storage"
    case long = "torch.LongStorage"
    case int = "torch.IntStorage"
    case short = "torch.ShortStorage"
    case char = "torch.CharStorage"
    case byte = "torch.ByteStorage"
    case boolean = "torch.BoolStorage"

    /// What a type of storage holds.
    var element: ElementType? {
        switch self {
        case .orderedDictionary, .rebuildTensor, .rebuildParameter: nil
        case .float: .float32
        case .double: .float64
        case .half: .float16
        case .bfloat16: .bfloat16
        case .long: .int64
        case .int: .int32
        case .short: .int16
        case .char: .int8
        case .byte: .uint8
        case .boolean: .boolean
        }
    }
}

/// Elements in a member `data/KEY` of the archive.
struct TorchStorage: Sendable, Hashable {
    var key: String
    var element: ElementType
    var count: Int
}

/// A view of a storage: the element at index (i, j, …) lies at `offset` + i·strides[0] + j·strides[1] + …
struct TorchTensor: Sendable, Hashable {
    var storage: TorchStorage
    var offset: Int
    var shape: [Int]
    var strides: [Int]

    var count: Int { shape.reduce(1, *) }
}
