public import Devices
public import Manifest

extension ConfigReader {
    /// The key `precision`, which all stages that compute have in common.
    public func precision() -> Precision {
        choice(
            "precision", default: Precision.float32,
            help: "what convolutions and matrix products multiply; bf16 falls back to fp32, with a notice, where the "
                + "processor has none")
    }
}
