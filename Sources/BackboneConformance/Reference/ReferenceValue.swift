/// A tensor of the reference: its sides, and its elements row after row. Whole numbers are exact in a Double, too.
package struct ReferenceValue: Equatable, Sendable {
    package var shape: [Int]
    package var elements: [Double]

    package init(_ shape: [Int], _ elements: [Double]) {
        precondition(shape.reduce(1, *) == elements.count, "\(elements.count) elements do not fill \(shape)")
        self.shape = shape
        self.elements = elements
    }

    /// As a list of whole numbers, such as sides and axes are.
    var integers: [Int] { elements.map { Int($0) } }

    func map(_ body: (Double) -> Double) -> ReferenceValue { ReferenceValue(shape, elements.map(body)) }

    /// Element by element, sides of 1 repeated, missing ones in front taken for 1 (as in NumPy); nil where sides differ.
    func combined(with other: ReferenceValue, _ body: (Double, Double) -> Double) -> ReferenceValue? {
        let rank = max(shape.count, other.shape.count)
        let (a, b) = (padded(to: rank), other.padded(to: rank))
        var sides: [Int] = []
        for (x, y) in zip(a, b) {
            guard x == y || x == 1 || y == 1 else { return nil }
            sides.append(x == 1 ? y : x)
        }
        var place = [Int](repeating: 0, count: rank)
        func offset(_ shape: [Int]) -> Int {
            zip(shape, place).reduce(0) { $0 * $1.0 + ($1.0 == 1 ? 0 : $1.1) }
        }
        let combined = (0..<sides.reduce(1, *)).map { _ in
            let value = body(elements[offset(a)], other.elements[offset(b)])
            for axis in (0..<rank).reversed() {
                place[axis] += 1
                if place[axis] < sides[axis] { break }
                place[axis] = 0
            }
            return value
        }
        return ReferenceValue(sides, combined)
    }

    private func padded(to rank: Int) -> [Int] { [Int](repeating: 1, count: rank - shape.count) + shape }
}
