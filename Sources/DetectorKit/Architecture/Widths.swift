import Basics

extension BackboneArchitecture {
    /// Refuses a width that is no positive multiple of a plugin's unit, or that norm groups do not divide.
    public func requireWidth(_ width: Int, channelsPerGroup: Int, unit: Int, at place: String) throws {
        guard width >= unit, width % unit == 0 else {
            throw Failure("a width of \(width) channels", at: place, remedy: "give a positive multiple of \(unit)")
        }
        guard norm != .group || channelsPerGroup > 0 && width % channelsPerGroup == 0 else {
            throw Failure(
                "norm groups of \(channelsPerGroup) channels do not divide a width of \(width)", at: place,
                remedy: "give a width that is a multiple of the group")
        }
    }

    /// The channels of a norm group where a width is to have about `groups` of them and may be no multiple of that: whole
    /// units that divide it, at least one, so that not many channels have to come and go together.
    public static func channelsPerGroup(of width: Int, groups: Int, unit: Int) -> Int {
        guard width % unit == 0 else { return width }
        let units = width / unit
        let wanted = max(1, units / max(1, groups))
        return unit * ((1...wanted).last { units % $0 == 0 } ?? 1)
    }
}
