import Dataset
import DetectorKit
import Forecasts
public import StageKit

extension ExtractTeacher {
    public func forecast(_ options: ExtractTeacherOptions, _ inputs: [Prospect]) throws -> Forecast? {
        guard let data = inputs.first(.dataset), let pool = inputs.first(.teacherPool)?.teachers else { return nil }
        var work = Work()
        work.look(pool.mean, images: options.evaluateOn.flatMap { data.images($0) } ?? 0)
        work.add(seconds: 1)
        return try work.forecast(.costs(Cost(multiplyAccumulates: pool.mean, parameters: 0)))
    }
}
