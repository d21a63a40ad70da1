import Testing

@testable import StatusPage

@Suite struct PaceTests {
    @Test func nothingNewIsLookedAtEveryTwoSeconds() {
        var pace = RefreshPace()
        let times = (0..<40).map { Double($0) / 4 }
        let looks = times.filter { time in
            guard pace.isDue(at: time, isNews: false) else { return false }
            pace.looked(at: time, cost: 0.001)
            return true
        }
        #expect(looks == [0, 2, 4, 6, 8])
    }

    @Test func newsIsShownAtOnce() {
        var pace = RefreshPace()
        pace.looked(at: 10, cost: 0.001)
        // A thousand of them make few pages, and none of them is forgotten.
        let (atOnce, soon) = (pace.isDue(at: 10.1, isNews: true), pace.isDue(at: 10.3, isNews: false))
        #expect(!atOnce && soon)
        pace.looked(at: 10.3, cost: 0.001)
        let again = pace.isDue(at: 11, isNews: false)
        #expect(!again)
    }

    /// However much there is to look at, the runner has its time for other things.
    @Test func whatTakesLongIsDoneSeldom() {
        var pace = RefreshPace()
        // The first look is no measure.
        pace.looked(at: 50, cost: 3)
        let second = pace.isDue(at: 50.3, isNews: true)
        #expect(second)
        pace.looked(at: 100, cost: 0.2)
        let (early, due) = (pace.isDue(at: 104.9, isNews: true), pace.isDue(at: 105.1, isNews: true))
        #expect(!early && due)
        for time in [199.0, 200] { pace.looked(at: time, cost: 30) }
        let (tooEarly, atLast) = (pace.isDue(at: 209, isNews: true), pace.isDue(at: 211, isNews: false))
        #expect(!tooEarly && atLast)
    }
}
