/// How convolutions and matrix products take their operands. Sums, and everything else, are float32 in all of them:
/// activations between layers, the weights that are trained, norms, losses, the optimiser.
public enum Precision: String, Sendable, CaseIterable, Codable {
    case float32 = "fp32"
    /// Operands rounded to bfloat16 (8 bits of significand, float32's exponents), multiplied by the processor's
    /// instructions for it: forward, and both backward passes.
    case bfloat16 = "bf16"
    /// The same numbers by float32 instructions, on any processor: it tells what bf16 does to accuracy, at no gain of
    /// speed.
    case bfloat16Emulated = "bf16-emulated"
}
