import Basics
import Foundation
import Pages
import Spool

/// The stages of a job as a picture: what runs after what, and how far each is. It is drawn twice, from left to right for wide
/// pages and downwards for narrow ones; the style shows one of them.
struct StageGraphPicture {
    let job: LiveJob
    private let graph: LayeredGraph

    /// Nil where there is nothing to be seen in a picture.
    init?(_ job: LiveJob) {
        let index = Dictionary(
            job.stages.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard job.stages.count > 1,
            let graph = LayeredGraph(needs: job.stages.map { $0.needs.compactMap { index[$0] } })
        else { return nil }
        self.job = job
        self.graph = graph
    }

    var markup: Markup {
        """
        <div class="graph across" tabindex="0" role="region" aria-label="The stages as a picture" data-keep="g-\(job.id.text)">
        \(drawing(.across))
        </div>
        <div class="graph down" tabindex="0" role="region" aria-label="The stages as a picture" data-keep="h-\(job.id.text)">
        \(drawing(.down))
        </div>
        """
    }

    /// In which direction it goes on, and how large its parts are.
    private struct Way {
        var isDown: Bool
        var width: Double
        var height: Double
        /// From the beginning of one level to that of the next, and from one slot to the next.
        var step: Double
        var pitch: Double
        /// Characters of a name that fit.
        var letters: Int

        static let across = Way(isDown: false, width: 176, height: 54, step: 214, pitch: 66, letters: 15)
        static let down = Way(isDown: true, width: 156, height: 54, step: 78, pitch: 164, letters: 13)

        /// The upper left corner of a node, and where edges leave and enter it.
        func corner(_ place: LayeredGraph.Place) -> (x: Double, y: Double) {
            let (along, over) = (Double(place.level) * step, place.slot * pitch)
            return isDown ? (over, along) : (along, over)
        }
        func entry(_ place: LayeredGraph.Place) -> (x: Double, y: Double) {
            let (x, y) = corner(place)
            return isDown ? (x + width / 2, y) : (x, y + height / 2)
        }
        func exit(_ place: LayeredGraph.Place) -> (x: Double, y: Double) {
            let (x, y) = corner(place)
            return isDown ? (x + width / 2, y + height) : (x + width, y + height / 2)
        }
    }

    private func drawing(_ way: Way) -> Markup {
        let margin = 3.0
        let (levels, breadth) = (Double(graph.levelCount - 1) * way.step, graph.breadth * way.pitch)
        let width = (way.isDown ? breadth : levels) + way.width + 2 * margin
        let height = (way.isDown ? levels : breadth) + way.height + 2 * margin
        return """
            <svg width="\(width)" height="\(height)" viewBox="\(-margin) \(-margin) \(width) \(height)" role="group" \
            aria-label="Stages of \(job.id.jobName), each behind those that it needs">
            <g class="edges" aria-hidden="true">\(graph.routes.map { edge($0, way) }.joined())</g>
            \(job.stages.indices.map { node($0, way) }.joined())
            </svg>
            """
    }

    /// A curve that leaves and enters each level straight, with an arrow's head.
    private func edge(_ route: LayeredGraph.Route, _ way: Way) -> Markup {
        var (x, y) = way.exit(route.places[0])
        var path: Markup = "M\(x) \(y)"
        for (index, place) in route.places.enumerated().dropFirst() {
            let isLast = index == route.places.count - 1
            var (nextX, nextY) = way.entry(place)
            if isLast { if way.isDown { nextY -= 5 } else { nextX -= 5 } }
            path +=
                way.isDown
                ? "C\(x) \((y + nextY) / 2) \(nextX) \((y + nextY) / 2) \(nextX) \(nextY)"
                : "C\((x + nextX) / 2) \(y) \((x + nextX) / 2) \(nextY) \(nextX) \(nextY)"
            (x, y) = (nextX, nextY)
            if !isLast {
                (x, y) = way.exit(place)
                path += "L\(x) \(y)"
            }
        }
        let (tipX, tipY) = way.entry(route.places[route.places.count - 1])
        let head: Markup =
            way.isDown
            ? "M\(tipX) \(tipY - 1)l-4 -7h8z" : "M\(tipX - 1) \(tipY)l-7 -4v8z"
        let isOpen = job.stages[route.from].state != .done
        return "<path class=\"edge\(isOpen ? " open" : "")\" d=\"\(path)\"/><path class=\"tip\" d=\"\(head)\"/>"
    }

    private func node(_ index: Int, _ way: Way) -> Markup {
        let stage = job.stages[index]
        let (x, y) = way.corner(graph.places[index])
        let looks = StageLooks(stage, isHeld: job.wishes.isHeld)
        let bar: Markup =
            stage.state == .running
            ? """
            <rect class="rest" x="9" y="\(way.height - 10)" width="\(way.width - 18)" height="4" rx="2"/>\
            <rect class="bar" x="9" y="\(way.height - 10)" width="\(max(4, (way.width - 18) * stage.fraction))" height="4" rx="2"/>
            """ : .empty
        let lift = stage.state == .running ? 4.0 : 0
        let middle = way.height / 2 - lift
        let shape: Markup = """
            <g class="node \(looks.style)" transform="translate(\(x) \(y))"><title>\(stage.name): \(looks.text)</title>\
            <rect class="box" width="\(way.width)" height="\(way.height)" rx="7"/>\
            <use href="#i-\(looks.icon)" x="9" y="\(middle - 8)" width="16" height="16"/>\
            <text class="what" x="32" y="\(middle - 4)">\(shortened(stage.name, way.letters))</text>\
            <text class="how" x="32" y="\(middle + 13)">\(looks.short)</text>\(bar)</g>
            """
        guard let log = stage.log?.target else { return shape }
        return "<a href=\"\(log)\" aria-label=\"\(stage.name): \(looks.text); its log\">\(shape)</a>"
    }

    /// A long name without its middle: names differ at their ends.
    private func shortened(_ name: String, _ letters: Int) -> String {
        guard name.count > letters else { return name }
        let end = letters / 3
        return "\(name.prefix(letters - end - 1))…\(name.suffix(end))"
    }
}
