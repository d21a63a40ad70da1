/// When the page is looked after again: every two seconds; at once when a job has gone on; and less often where that
/// would take more than a small share of the runner's time.
struct RefreshPace {
    /// Seconds between two looks when nothing is known to have happened.
    static let usual = 2.0
    /// The same after news, so that a thousand of them do not write a thousand pages.
    static let afterNews = 0.25
    /// The largest part of the time that goes into the page.
    static let share = 0.04
    /// However long a look takes, the next one is not put off any longer.
    static let longest = 10.0

    private var last = -Double.infinity
    /// Of the two latest looks; the smaller one counts, as the first look has all to read, and a disk may be slow once.
    private var costs = (0.0, 0.0)
    private var hasNews = false

    /// - Parameter isNews: whether something has happened; it is remembered until the next look.
    mutating func isDue(at now: Double, isNews: Bool) -> Bool {
        hasNews = hasNews || isNews
        let pause = hasNews ? RefreshPace.afterNews : RefreshPace.usual
        return now - last >= max(pause, min(RefreshPace.longest, min(costs.0, costs.1) / RefreshPace.share))
    }

    /// - Parameter cost: seconds that the look took, until now.
    mutating func looked(at now: Double, cost: Double) {
        (last, costs, hasNews) = (now, (costs.1, cost), false)
    }
}
