import CPU
public import Devices
import Synchronization

/// What this process computes on, and how.
public enum Compute {
    /// The device of all tensors: the processor. Nothing else of this module knows which one it is.
    static let device: any Device = CPUDevice()

    /// What convolutions and matrix products take their operands as, where a tape does not say otherwise. Set it before
    /// the first tape is made.
    public static var precision: Precision {
        get { chosen.withLock { $0 } }
        set { chosen.withLock { $0 = newValue } }
    }

    /// Why the device can't compute in a precision; nil where it can.
    public static func obstacle(to precision: Precision) -> String? { device.obstacle(to: precision) }

    /// Sets threads and precision for all that a stage computes. Where the device has no such precision, float32 takes its
    /// place, and `notice` says so.
    public static func prepare(threads: Int, precision: Precision, notice: (String) -> Void) {
        device.threads = threads
        if let obstacle = device.obstacle(to: precision) {
            self.precision = .float32
            notice("notice: precision \(precision.rawValue) is not to be had: \(obstacle); computing in fp32 instead")
        } else {
            self.precision = precision
            if precision != .float32 { notice("precision: \(precision.rawValue)") }
        }
    }

    /// A program that computes calls this first: the device may have to start it once more (`MatrixKernels`).
    public static func restartIfOutdated() { MatrixKernels.restartIfOutdated() }

    /// The libraries that compute for us, as they run in this process.
    public static var libraries: [DeviceLibrary] { device.libraries }

    private static let chosen = Mutex(Precision.float32)
}

/// Threads that tensor operations use. Results have the same bits at the same number of threads.
public enum Threads {
    /// Sets the number of threads, for the libraries and our own kernels alike, on every calling thread.
    public static func set(_ count: Int) { Compute.device.threads = count }

    public static var count: Int { Compute.device.threads }
}
