import Devices

/// How image tensors lie in memory: `[N][C / block][H][W][block]`, so that block 1 is NCHW and block C is NHWC.
public enum Layout {
    /// The channels of a block that this processor's convolutions like best: 16 with AVX-512, else 8.
    public static let lanes = Compute.device.lanes

    /// The block for a tensor of `channels` channels: `lanes` where it divides them, else all of them (NHWC).
    public static func preferred(_ channels: Int) -> Int {
        channels % lanes == 0 && channels > 0 ? lanes : max(channels, 1)
    }
}
