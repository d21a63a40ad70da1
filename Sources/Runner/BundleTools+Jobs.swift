import Basics
import Bundles
import Foundation
public import Spool

extension BundleTools {
    /// For the bundles that runners make of jobs.
    public static let jobs = BundleTools(
        problems: { url, id in
            let bundle = Bundles.Bundle(url)
            let problems = bundle.verify()
            guard problems.isEmpty, let about = try? bundle.manifest().about else { return problems }
            return about["id"]?.string == id.text ? [] : ["it is of the job \(about["id"]?.string ?? "unknown")"]
        },
        member: { url, path in
            FileStatus(url) == nil ? nil : try? Bundles.Bundle(url).data(of: path)
        },
        build: { spool, token, draft in
            let contents = try JobBundle(spool: spool, token: token)
            try BundleBuilder.build(members: contents.members, about: contents.about, to: draft)
        })
}
