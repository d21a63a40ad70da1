import Basics
import Manifest
import StageKit
import Testing

/// What is reckoned of stages before they run.
@Suite struct ForecastTests {
    /// Says what it was told.
    private struct Heavy: StagePlugin {
        struct Options: Codable, Sendable {
            var products: Double
            var seconds: Double
            var limit: Double?
        }

        let name = "heavy"
        let version = 1
        let summary = "costs what it says"
        let consumes: [InputRequirement] = []
        let produces = ArtifactKind.dataset

        func options(_ reader: inout ConfigReader) -> Options? { nil }
        func run(_ options: Options, _ context: StageContext) throws {}

        func forecast(_ options: Options, _ inputs: [Prospect]) throws -> Forecast? {
            if options.products < 0 { throw Failure("cannot be told", remedy: "give more") }
            let before = inputs.first(.dataset)?.summary["products"]?.number ?? 0
            let products = before + options.products
            let phase = Forecast.Phase(
                multiplyAccumulates: products, seconds: options.seconds, limit: options.limit)
            return Forecast([phase, phase], summary: ["products": .number(products)])
        }
    }

    private struct Silent: StagePlugin {
        let name = "silent"
        let version = 1
        let summary = "says nothing"
        let consumes: [InputRequirement] = []
        let produces = ArtifactKind.dataset
        func options(_ reader: inout ConfigReader) -> Int? { 0 }
        func run(_ options: Int, _ context: StageContext) throws {}
    }

    private static let catalog = StageCatalog([Heavy(), Silent()])

    private func stage(
        _ name: String, _ options: JSON, needs: [String] = [], threads: Int? = nil, plugin: String = "heavy"
    ) -> ResolvedJob.Stage {
        ResolvedJob.Stage(
            name: name, plugin: plugin, pluginVersion: 1, options: options,
            needs: needs.compactMap { InputReference($0) }, produces: .dataset, threads: threads)
    }

    private func told(_ stages: [ResolvedJob.Stage], known: [String: Prospect] = [:]) -> ForecastAnswer {
        ForecastQuery(job: ResolvedJob(job: "job", seed: 1, stages: stages), threads: 2, known: known)
            .answer(Self.catalog) { 100 * Double($0) }
    }

    private func answer(_ stages: [ResolvedJob.Stage], known: [String: Prospect] = [:]) -> [String: Double] {
        told(stages, known: known).stages.mapValues(\.seconds)
    }

    @Test func timeIsWorkByPaceAndThreads() {
        let found = answer([
            stage("a", ["products": 1000, "seconds": 3]), stage("b", ["products": 1000, "seconds": 3], threads: 1),
            stage("c", ["products": 1000, "seconds": 3, "limit": 2]),
        ])
        // Two phases each: of 2 threads, of one, and of no more than two seconds.
        #expect(found == ["a": 13, "b": 26, "c": 4])
    }

    @Test func laterStagesAreToldOfEarlierOnes() {
        let chain = [
            stage("a", ["products": 100, "seconds": 0]), stage("b", ["products": 100, "seconds": 0], needs: ["a"]),
        ]
        #expect(answer(chain) == ["a": 1, "b": 2])
        // What is there is known better.
        let known = Prospect(kind: .dataset, directory: "/somewhere", summary: ["products": 900])
        #expect(answer(chain, known: ["a": known])["b"] == 10)
    }

    @Test func nothingIsSaidOfWhatCannotBeTold() {
        let found = told([
            stage("a", ["products": -1, "seconds": 0]), stage("b", ["products": 100, "seconds": 0], needs: ["a"]),
            stage("c", 0, plugin: "silent"), stage("d", ["products": 100, "seconds": 0], plugin: "unknown"),
            stage("e", ["seconds": 0]), stage("f", ["products": 100, "seconds": 0], needs: ["elsewhere/x"]),
            stage("g", ["products": 100, "seconds": 0]),
        ])
        #expect(found.stages.mapValues(\.seconds) == ["g": 1])
        // Where something is wrong, that is told: of a plugin that says nothing, nothing is.
        #expect(found.doubts.keys.sorted() == ["a", "e"] && found.doubts["a"] == "cannot be told: give more")
    }
}
