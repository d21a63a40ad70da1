/// What a stage did just now. Who watches a stage at work (the conformance suite does) can stop it at a moment of its choice,
/// and sees what the stage says before that is put into bounds.
public enum StageMoment: Sendable, Hashable {
    /// It told how far it is, in these very words and numbers.
    case report(fraction: Double, message: String, metrics: [String: Double])
    /// It put a table up, to be shown with its reports from now on.
    case table(title: String)
    /// A checkpoint of this name is on the disk.
    case checkpoint(name: String)
    /// Its work is done. These paths it marked for the bundle; the receipt comes next.
    case end(marked: Set<String>)
}

/// Called on the thread on which it happens, before the stage goes on.
public typealias StageWatch = @Sendable (StageMoment) -> Void
