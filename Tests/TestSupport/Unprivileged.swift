import Glibc

/// Does `body` as somebody who may open only what everybody may, where the tests run as root: this thread, and the files that it
/// opens meanwhile. With the file system's user id go the privileges of root's that concern files (setfsuid(2),
/// capabilities(7)).
///
/// Returns nil where that cannot be had.
public func withoutPrivileges<Result>(_ body: () throws -> Result) rethrows -> Result? {
    guard geteuid() == 0 else { return try body() }
    // Not in Glibc's module.
    guard let symbol = dlsym(nil, "setfsuid") else { return nil }
    let setfsuid = unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> Int32).self)
    let nobody: UInt32 = 65534
    _ = setfsuid(nobody)
    defer { _ = setfsuid(0) }
    // It fails without a word, and tells which id was there before; an impossible one only asks.
    guard setfsuid(.max) == nobody else { return nil }
    return try body()
}
