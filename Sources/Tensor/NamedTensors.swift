/// Parameters, gradients or statistics by name.
public typealias NamedTensors = [String: Tensor]

extension NamedTensors {
    /// The pairs in the order of their names (by code units): the one order that results may depend on.
    public var sorted: [(name: String, tensor: Tensor)] {
        map { (name: $0.key, tensor: $0.value) }.sorted { Array($0.name.utf8).lexicographicallyPrecedes($1.name.utf8) }
    }
}
