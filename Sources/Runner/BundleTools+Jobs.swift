import Basics
import Bundles
import Foundation
public import Spool

extension BundleTools {
    /// For the bundles that runners make of jobs.
    public static let jobs = BundleTools(
        problems: { url, token in
            let bundle = Bundles.Bundle(url)
            let problems = bundle.verify()
            guard problems.isEmpty, let about = try? bundle.manifest().about else { return problems }
            if about["id"]?.string != token.id.text { return ["it is of the job \(about["id"]?.string ?? "unknown")"] }
            // One of a job that was done may count as failed later; never the other way round.
            let isOld = token.state.folder == .done && about["state"]?.string != StateFolder.done.rawValue
            return isOld ? ["it is of a time before the job was done"] : []
        },
        member: { url, path in
            FileStatus(url) == nil ? nil : try? Bundles.Bundle(url).data(of: path)
        },
        build: { spool, token, draft in
            let contents = try JobBundle(spool: spool, token: token)
            try BundleBuilder.build(members: contents.members, about: contents.about, to: draft)
        })
}
