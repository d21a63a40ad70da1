import Foundation

/// What a measured time is valid for: the processor, its instruction set as used, and the threads.
public struct DeviceIdentity: Sendable, Hashable, Codable {
    public var processor: String
    public var instructionSet: String
    public var threads: Int

    public init(processor: String, instructionSet: String, threads: Int) {
        self.processor = processor
        self.instructionSet = instructionSet
        self.threads = threads
    }

    /// This machine, from `/proc/cpuinfo` (proc(5)).
    public static func current(threads: Int) -> DeviceIdentity {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        func field(_ name: String) -> String? {
            text.split(separator: "\n").first { $0.hasPrefix(name) }
                .flatMap { $0.split(separator: ":", maxSplits: 1).last }
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let flags = Set((field("flags") ?? "").split(separator: " "))
        let known = ["amx_bf16", "avx512_bf16", "avx512f", "avx2", "sse4_2"]
        return DeviceIdentity(
            processor: field("model name") ?? "unknown",
            instructionSet: known.first { flags.contains(Substring($0)) } ?? "baseline", threads: threads)
    }
}
