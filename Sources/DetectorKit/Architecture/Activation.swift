/// What stands behind a norm.
public enum Activation: String, Sendable, Hashable, Codable, CaseIterable {
    /// max(0, x): our graphs run it with the convolution before it, at no cost.
    case relu
    /// x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
    case hardSwish = "hard-swish"
}
