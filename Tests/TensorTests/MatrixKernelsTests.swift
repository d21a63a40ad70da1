import CPU
import Devices
import Foundation
import TestSupport
import Testing

/// Programs multiply matrices with kernels that fit the processor, though OpenBLAS may not know it.
@Suite struct MatrixKernelsTests {
    @Test func aFallbackIsReplacedByWhatTheProcessorHas() {
        #expect(MatrixKernels.better(than: "Prescott", instructionSet: "x86-64-v4") == "SkylakeX")
        #expect(MatrixKernels.better(than: "Barcelona", instructionSet: "x86-64-v4") == "SkylakeX")
        #expect(MatrixKernels.better(than: "Prescott", instructionSet: "x86-64-v3") == "Haswell")
        #expect(MatrixKernels.better(than: "Prescott", instructionSet: "x86-64") == nil)
        for known in ["Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"] {
            #expect(MatrixKernels.better(than: known, instructionSet: "x86-64-v4") == nil)
        }
    }

    /// OpenBLAS says on standard error which kernels it takes, each time that it is loaded.
    private func kernels(_ environment: [String: String]) throws -> [String] {
        let process = Process()
        let errors = Pipe()
        process.executableURL = BuiltPrograms.folder.appending(path: "jdnas-stage")
        process.arguments = ["plugins"]
        var all = ProcessInfo.processInfo.environment
        all["OPENBLAS_CORETYPE"] = nil
        process.environment = all.merging(["OPENBLAS_VERBOSE": "2"]) { $1 }.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(said)")
        return said.matches(of: /Core: (\w+)/).map { String($0.1) }
    }

    @Test func aProgramComputesWithKernelsOfItsProcessor() throws {
        let taken = try kernels([:])
        let first = try #require(taken.first)
        let own = try #require(CPUDevice().libraries.first { $0.name == "kernels" }).target
        let better = MatrixKernels.better(than: first, instructionSet: own)
        #expect(taken.count == (better == nil ? 1 : 2), "\(taken) on \(own)")
        #expect(MatrixKernels.better(than: taken.last ?? "", instructionSet: own) == nil, "\(taken) on \(own)")
        // What somebody has chosen stays.
        #expect(try kernels(["OPENBLAS_CORETYPE": "Nehalem"]) == ["Nehalem"])
    }
}
