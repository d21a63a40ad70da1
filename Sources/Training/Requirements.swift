import Basics
public import Dataset
public import DetectorKit

// What must hold between a detector and a data set before work on them starts: later it shows as nonsense, or as a trap.

extension DetectorArchitecture {
    /// Refuses other classes than the data set's: a label would be out of range, or mean something else.
    ///
    /// - Parameters:
    ///   - role: what the message calls the detector: `the base`.
    ///   - place: what gave it: an input's reference, a folder.
    public func requireClasses(of data: PackedDataset, _ role: String, at place: String, remedy: String) throws {
        let count = data.categories.count
        guard classes == count else {
            throw Failure("\(role) knows \(classes) classes, the data set has \(count)", at: place, remedy: remedy)
        }
    }
}

extension DatasetSplit {
    /// Refuses a split on which nothing can be measured: without objects every detector has an AP of -1.
    public func requireObjects(_ purpose: String, at place: String, remedy: String) throws {
        guard count > 0 else {
            throw Failure("the split '\(name)' has no images \(purpose)", at: place, remedy: remedy)
        }
        guard records.contains(where: { !$0.objects.isEmpty }) else {
            throw Failure("no image of the split '\(name)' has an object \(purpose)", at: place, remedy: remedy)
        }
    }
}
