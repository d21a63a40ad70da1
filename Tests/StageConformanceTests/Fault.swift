import StageConformance

extension FaultyStage {
    enum Fault: String, CaseIterable, Codable, Sendable {
        case none
        // Options.
        /// One of them is not in the JSON that a run reads.
        case losesOption
        case takesAnyKey
        /// A wrong value is told without its place, without a remedy, or not at all.
        case placeless, noRemedyForOption, takesWrongValue
        case workingDirectory, noHelp
        // Checkpoints.
        /// What is saved is not all.
        case forgets
        /// What is saved is not read.
        case startsAnew
        // Cancellation.
        case deaf
        /// It ends as if it were done, with half of the work.
        case pretends
        case otherCause
        /// It stops a good while later.
        case slow
        case hangs
        // Progress.
        case silent, goesBack, beyondOne, notANumber, twoLines
        // Outputs.
        case emptyMember, leftOver, bundlesNothing, marksNothing, headline, nothingWritten, link
        // Isolation.
        case writesInWorkingDirectory, writesInTemporary, writesInInput, writesBriefly, writesBesideOutput
        case changesCheckpoint
        // Determinism.
        case time, place, wallClock
        // Errors.
        case crashesOnDamage, defectOnDamage, noRemedy
        /// What it requires it does not look at.
        case readsNothing

        /// Where it has to be found.
        var aspect: StageConformance.Aspect {
            switch self {
            case .none, .losesOption, .takesAnyKey, .placeless, .noRemedyForOption, .takesWrongValue, .workingDirectory,
                .noHelp:
                .options
            case .forgets, .startsAnew: .checkpoint
            case .deaf, .pretends, .otherCause, .slow, .hangs: .cancellation
            case .silent, .goesBack, .beyondOne, .notANumber, .twoLines: .progress
            case .emptyMember, .leftOver, .bundlesNothing, .marksNothing, .headline, .nothingWritten, .link: .outputs
            case .writesInWorkingDirectory, .writesInTemporary, .writesInInput, .writesBriefly, .writesBesideOutput,
                .changesCheckpoint:
                .isolation
            case .time, .place, .wallClock: .determinism
            case .crashesOnDamage, .defectOnDamage, .noRemedy, .readsNothing: .errors
            }
        }

        /// What is said of it.
        var words: String {
            switch self {
            case .none: ""
            case .losesOption: "change when they are read as JSON and written again"
            case .takesAnyKey: "an unknown key is not refused at its place"
            case .placeless: "'name: two words' is not refused at its place, but: job.yaml:"
            case .noRemedyForOption: "'name: two words' is refused without a remedy: spaces in 'name'"
            case .takesWrongValue: "'name: two words' is taken"
            case .workingDirectory: "the options depend on the working directory"
            case .noHelp: "the option 'every' has no help"
            case .forgets: "killed after checkpoint 1 of 4 and gone on with: sum.txt has other bytes"
            case .startsAnew: "killed after checkpoint 4 of 4 and gone on with: it starts anew"
            case .deaf: "asked to stop before it begins: it went on, and reported 8 times more"
            case .pretends: "it ended as done all the same, and sum.txt has other bytes"
            case .otherCause: "it ended otherwise than with the failure of cause 'cancelled': error: stopped"
            case .slow: "asked to stop before it begins: it went on, and reported 6 times more"
            case .hangs: "asked to stop before it begins: it has not ended after 15 s"
            case .silent: "it never says how far it is"
            case .goesBack: "the fraction of 'adding' goes back from 0.5 to 0.1"
            case .beyondOne: "the fraction of 'adding' is 2.0, not from 0 to 1"
            case .notANumber: "the fraction of 'adding' is nan, not from 0 to 1"
            case .twoLines: "the message 'adding\\nup' is not one line"
            case .emptyMember: "empty.txt is empty"
            case .leftOver: ".sum.txt.tmp is left over"
            case .bundlesNothing: "nothing of it goes into the job's bundle"
            case .marksNothing: "'sums.txt' is marked for the bundle, and there is no such member"
            case .headline: "its summary's 'headline' is no list of lines"
            case .nothingWritten: "the stage ended without writing anything"
            case .link: "an artifact may hold regular files and folders only"
            case .writesInWorkingDirectory: "undisturbed: it made stray.txt in the working directory"
            case .writesInTemporary: "undisturbed: it made stray.txt in TMPDIR"
            case .writesInInput: "undisturbed: it made 0-dataset/output/stray.txt in the inputs"
            case .writesBriefly: "it wrote into 0-dataset/output in the inputs, and removed that again"
            case .writesBesideOutput: "undisturbed: it made stray.txt beside its output folder"
            case .changesCheckpoint: "in an earlier attempt"
            case .time, .place, .wallClock: "run again: sum.txt has other bytes"
            case .crashesOnDamage: "dataset empty: it crashed ("
            case .defectOnDamage: "dataset without numbers.txt: it counts as a defect of the program"
            case .noRemedy: "dataset without numbers.txt: the failure has no remedy"
            case .readsNothing: "without any dataset: it ends as done, though it requires one"
            }
        }
    }
}
