/// How a network's activations are normalised.
public enum Norm: String, Sendable, Hashable, Codable, CaseIterable {
    /// Batch norm with fixed statistics and a fixed affine part (as torchvision fine-tunes).
    case frozen
    /// Batch norm (Ioffe and Szegedy 2015).
    case batch
    /// Group norm (Wu and He 2018). A norm keeps its channels per group, not its number of groups, when its width
    /// changes: whole groups come and go and leave the statistics of the others alone.
    case group

    /// Added to the variance: PyTorch's default.
    public static let epsilon: Float = 1e-5
    /// How much of a batch's statistics goes into the running ones at each step: PyTorch's default.
    public static let momentum: Float = 0.1
}
