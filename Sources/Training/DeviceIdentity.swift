import Devices
import Foundation
import Tensor

/// What a measured time, and a result's bits, are valid for: the processor, what the libraries make of it, and the
/// threads.
public struct DeviceIdentity: Sendable, Hashable, Codable {
    public var processor: String
    /// As used, which environment variables can lower: `avx2 (oneDNN), Haswell (OpenBLAS)`.
    public var instructionSet: String
    /// `oneDNN 2.6.3, OpenBLAS 0.3.21`.
    public var libraries: String
    public var threads: Int

    public init(processor: String, instructionSet: String, libraries: String, threads: Int) {
        self.processor = processor
        self.instructionSet = instructionSet
        self.libraries = libraries
        self.threads = threads
    }

    /// This machine and process: the processor's name is from `/proc/cpuinfo` (proc(5)), the rest from the libraries.
    public static func current(threads: Int) -> DeviceIdentity {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let name = text.split(separator: "\n").first { $0.hasPrefix("model name") }
            .flatMap { $0.split(separator: ":", maxSplits: 1).last }
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let libraries = Compute.libraries
        let operands = Compute.precision == .float32 ? [] : ["\(Compute.precision.rawValue) operands"]
        return DeviceIdentity(
            processor: name ?? "unknown",
            instructionSet: (libraries.map { "\($0.target) (\($0.name))" } + operands).joined(separator: ", "),
            libraries: libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", "), threads: threads)
    }
}

extension DeviceIdentity: CustomStringConvertible {
    public var description: String { "\(processor), \(instructionSet), \(libraries), \(threads) threads" }
}
