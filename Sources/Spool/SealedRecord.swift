import Basics
public import Foundation

/// A JSON object that carries its own SHA-256, so that a torn or edited one is recognised.
///
/// The member `seal` is the digest of the canonical text of the object without it. The file is indented for people.
public enum SealedRecord {
    /// The bytes of a record, with its seal.
    public static func encode(_ value: some Encodable) throws -> Data {
        // Once through the parser: 1.0 and 1 are the same number in JSON, and must be so in the digest.
        guard var members = try JSON(parsing: JSON(encoding: value).canonicalText).object else {
            throw Failure("a record has to be a JSON object", cause: .defect)
        }
        members["seal"] = .string(Digest(of: JSON.object(members).canonicalText).hex)
        return Data(JSON.object(members).prettyText.utf8)
    }

    /// Reads a record; `place` names it in the error.
    public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data, at place: String) throws -> Value {
        guard var members = try JSON(parsing: data, at: place).object else {
            throw Failure("not a record: a JSON object is expected", at: place, remedy: remedy, cause: .system)
        }
        guard let seal = members.removeValue(forKey: "seal")?.string else {
            throw Failure("the record has no seal", at: place, remedy: remedy, cause: .system)
        }
        guard Digest(of: JSON.object(members).canonicalText).hex == seal else {
            throw Failure("the record's seal does not fit its contents", at: place, remedy: remedy, cause: .system)
        }
        return try JSON.object(members).decode(type, at: place)
    }

    private static let remedy = "it was damaged or edited; the runner sets such a record aside and goes on without it"
}
