/// The kinds of objects in a synthetic blood smear.
public enum SmearClass: Int, Sendable, CaseIterable {
    /// Round, with a pale centre; many, and overlapping.
    case redCell = 1
    /// Large, with a dark purple nucleus of several lobes; few.
    case whiteCell
    /// Small, dark and granular.
    case platelet
    /// A red cell with a parasite's ring and dot in it: told from a red cell only by what is inside.
    case ringForm

    public var name: String {
        switch self {
        case .redCell: "red-cell"
        case .whiteCell: "white-cell"
        case .platelet: "platelet"
        case .ringForm: "ring-form"
        }
    }
}
