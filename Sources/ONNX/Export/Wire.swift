/// A value in a model that is being built: the result of a node, an input or an initialiser.
struct Wire {
    let name: String
    let builder: ModelBuilder

    static func + (a: Wire, b: Wire) -> Wire { a.builder.node("Add", [a, b]) }
    static func - (a: Wire, b: Wire) -> Wire { a.builder.node("Sub", [a, b]) }
    static func * (a: Wire, b: Wire) -> Wire { a.builder.node("Mul", [a, b]) }
    /// Of whole numbers: cut off towards 0.
    static func / (a: Wire, b: Wire) -> Wire { a.builder.node("Div", [a, b]) }

    // A number beside a value is a constant of one element; broadcasting does the rest.
    static func + (a: Wire, b: Float) -> Wire { a + a.builder.scalar(b) }
    static func - (a: Wire, b: Float) -> Wire { a - a.builder.scalar(b) }
    static func * (a: Wire, b: Float) -> Wire { a * a.builder.scalar(b) }
    static func - (a: Float, b: Wire) -> Wire { b.builder.scalar(a) - b }
    static func / (a: Float, b: Wire) -> Wire { b.builder.scalar(a) / b }
    static func + (a: Wire, b: Int) -> Wire { a + a.builder.scalar(b) }
    static func - (a: Wire, b: Int) -> Wire { a - a.builder.scalar(b) }
    static func * (a: Wire, b: Int) -> Wire { a * a.builder.scalar(b) }
    static func / (a: Wire, b: Int) -> Wire { a / a.builder.scalar(b) }

    func atMost(_ other: Wire) -> Wire { builder.node("Min", [self, other]) }
    func atLeast(_ other: Wire) -> Wire { builder.node("Max", [self, other]) }
    func cast(to element: ONNXModel.Element) -> Wire {
        builder.node("Cast", [self], attributes: ["to": .integer(element.rawValue)])
    }

    /// The sides: [rank], whole numbers.
    var shape: Wire { builder.node("Shape", [self]) }
    /// One side, as [1].
    func side(_ axis: Int) -> Wire { shape.slice(axis..<axis + 1, axis: 0) }

    func slice(_ range: Range<Int>, axis: Int) -> Wire {
        builder.node(
            "Slice",
            [
                self, builder.constant([range.lowerBound]), builder.constant([range.upperBound]),
                builder.constant([axis]),
            ])
    }
    /// All from an index on.
    func dropping(_ count: Int, axis: Int) -> Wire { slice(count..<Int.max, axis: axis) }
    func gather(_ indices: Wire, axis: Int = 0) -> Wire {
        builder.node("Gather", [self, indices], attributes: ["axis": .integer(axis)])
    }
    /// One column of a matrix, as a vector.
    func column(_ index: Int) -> Wire { gather(builder.scalar(index), axis: 1) }

    func reshape(_ shape: [Int]) -> Wire { reshape(builder.constant(shape)) }
    func reshape(_ shape: Wire) -> Wire { builder.node("Reshape", [self, shape]) }
    func unsqueeze(_ axes: Int...) -> Wire { builder.node("Unsqueeze", [self, builder.constant(axes)]) }
    func squeeze(_ axes: Int...) -> Wire { builder.node("Squeeze", [self, builder.constant(axes)]) }
    func transpose(_ order: Int...) -> Wire {
        builder.node("Transpose", [self], attributes: ["perm": .integers(order)])
    }

    /// 0, 1, … below this number, which is [1].
    var range: Wire {
        builder.node("Range", [builder.scalar(0), squeeze(0), builder.scalar(1)])
    }

    /// The `count` (a vector of one number) largest of a vector, by falling value, and where they are; of equal values
    /// the first comes first.
    func largest(_ count: Wire) -> (values: Wire, indices: Wire) { top(count, largest: true) }

    /// The vector by rising value.
    var sorted: Wire { top(shape, largest: false).values }

    private func top(_ count: Wire, largest: Bool) -> (values: Wire, indices: Wire) {
        let results = builder.nodes(
            "TopK", [self, count], results: 2,
            attributes: ["axis": .integer(0), "largest": .integer(largest ? 1 : 0), "sorted": .integer(1)])
        return (results[0], results[1])
    }

    func isAtLeast(_ value: Float) -> Wire { builder.node("GreaterOrEqual", [self, builder.scalar(value)]) }
    /// Where a vector has this whole number: its indices, rising.
    func indices(of value: Int) -> Wire {
        builder.node("NonZero", [builder.node("Equal", [self, builder.scalar(value)])]).squeeze(0)
    }
}
