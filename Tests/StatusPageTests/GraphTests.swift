import Pages
import Testing

@testable import StatusPage

/// Where the stages of a job stand in the picture.
@Suite struct GraphTests {
    private func graph(_ needs: [[Int]]) throws -> LayeredGraph { try #require(LayeredGraph(needs: needs)) }

    @Test func aChainIsALine() throws {
        let graph = try graph([[]] + (0..<49).map { [$0] })
        #expect(graph.places.map(\.level) == Array(0..<50))
        #expect(Set(graph.places.map(\.slot)) == [0] && graph.breadth == 0)
        #expect(graph.routes.count == 49 && graph.routes.allSatisfy { $0.places.count == 2 })
    }

    /// Its ends stand in the middle of its sides.
    @Test func aDiamondIsOne() throws {
        let graph = try graph([[], [0], [0], [1, 2]])
        #expect(graph.places.map(\.level) == [0, 1, 1, 2])
        #expect(graph.places[1].slot + 1 == graph.places[2].slot)
        #expect(abs(graph.places[0].slot - 0.5) < 1e-9 && abs(graph.places[3].slot - 0.5) < 1e-9)
        #expect(graph.routes.count == 4)
    }

    /// `search` needs `data`, too; that it runs after it is clear from `teachers`.
    @Test func whatOtherEdgesImplyIsLeftOut() throws {
        let graph = try graph([[], [0], [0, 1], [0, 1, 2, 2]])
        #expect(graph.routes.map { [$0.from, $0.to] } == [[0, 1], [1, 2], [2, 3]])
    }

    @Test func aLongEdgePassesBesideTheStagesBetween() throws {
        // 0 → 1 → 2 → 3 → 5, and 4 → 5.
        let graph = try graph([[], [0], [1], [2], [], [3, 4]])
        let long = try #require(graph.routes.first { $0.from == 4 })
        #expect(long.places.map(\.level) == [0, 1, 2, 3, 4])
        for place in long.places.dropFirst().dropLast() {
            let other = try #require(graph.places.first { $0.level == place.level })
            #expect(abs(other.slot - place.slot) >= 0.6, "through a stage of level \(place.level)")
        }
    }

    @Test func orderAvoidsCrossings() throws {
        // Two chains, named crosswise.
        let graph = try graph([[], [], [1], [0]])
        #expect((graph.places[0].slot < graph.places[1].slot) == (graph.places[3].slot < graph.places[2].slot))
    }

    @Test(arguments: [3, 12, 60]) func stagesNeverOverlap(_ count: Int) throws {
        // Each needs some before it, by a fixed rule without a pattern.
        let needs = (0..<count).map { node in (0..<node).filter { ($0 * 7 + node * 13) % 11 == 0 } }
        guard let graph = LayeredGraph(needs: needs) else {
            #expect(count == 60, "too large a picture")
            return
        }
        for (index, place) in graph.places.enumerated() {
            #expect(place.slot >= 0 && place.slot <= graph.breadth && place.level < graph.levelCount)
            for other in graph.places[..<index] where other.level == place.level {
                #expect(abs(other.slot - place.slot) > 0.999)
            }
            for need in needs[index] { #expect(graph.places[need].level < place.level) }
        }
    }

    @Test func whatCannotBeDrawnIsNot() {
        #expect(LayeredGraph(needs: []) == nil)
        #expect(LayeredGraph(needs: [[1], [0]]) == nil)
        #expect(LayeredGraph(needs: [[0]]) == nil)
        #expect(LayeredGraph(needs: [[Int]](repeating: [], count: 61)) == nil)
        // Every second one needs every first one, and they stand far apart.
        let needs = (0..<60).map { node in node < 30 ? (node == 0 ? [] : [node - 1]) : [node % 5] }
        #expect(LayeredGraph(needs: needs) != nil)
    }

    @Test func aJobOfOneStageHasNoPicture() {
        var job = Sample.liveJob("x")
        #expect(StageGraphPicture(job)?.markup.text.contains(">report-of…-name<") == true)
        job.stages = [job.stages[0]]
        #expect(StageGraphPicture(job) == nil)
    }
}
