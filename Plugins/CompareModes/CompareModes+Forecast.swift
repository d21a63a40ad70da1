public import StageKit

extension CompareModes {
    public func forecast(_ options: Options, _ inputs: [Prospect]) throws -> Forecast? {
        Forecast([Forecast.Phase(multiplyAccumulates: 0, seconds: 1)])
    }
}
