import Basics
public import Foundation

extension ConfigReader {
    /// A required file, which must exist. Relative paths refer to `baseDirectory`.
    public func file(_ name: String, help: String = "") -> URL? {
        path(Key(name: name, shape: .path("a file"), required: true, help: help), directory: false)
    }

    /// A file that may be left out, but must exist when it is named.
    public func optionalFile(_ name: String, help: String = "") -> URL? {
        path(Key(name: name, shape: .path("a file"), required: false, help: help), directory: false)
    }

    /// A required folder, which must exist.
    public func directory(_ name: String, help: String = "") -> URL? {
        path(Key(name: name, shape: .path("a folder"), required: true, help: help), directory: true)
    }

    /// A folder that may be left out, but must exist when it is named.
    public func optionalDirectory(_ name: String, help: String = "") -> URL? {
        path(Key(name: name, shape: .path("a folder"), required: false, help: help), directory: true)
    }

    /// A reader of another YAML file, which this one must refer to by path. Its diagnostics carry that file's name, and
    /// relative paths in it refer to its own folder.
    public func configFile(_ name: String, help: String = "") -> ConfigReader? {
        config(Key(name: name, shape: .path("a YAML file"), required: true, help: help))
    }

    /// A reader of another YAML file, if this one refers to one.
    public func optionalConfigFile(_ name: String, help: String = "") -> ConfigReader? {
        config(Key(name: name, shape: .path("a YAML file"), required: false, help: help))
    }

    private func config(_ key: Key) -> ConfigReader? {
        if let recorder = state.recorder {
            _ = lookup(key)
            return ConfigReader(describing: recorder, path: state.path + [key.name])
        }
        guard let url = path(key, directory: false), let name = state.node?[key.name]?.text else { return nil }
        do {
            let node = try YAMLNode(parsing: try YAMLFile.read(url), file: name)
            let reader = ConfigReader(
                node, file: name, baseDirectory: url.deletingLastPathComponent(), diagnosis: diagnosis)
            state.children.append(reader)
            return reader
        } catch let problems as Diagnostics {
            diagnosis.report(problems)
        } catch {
            let failure = error as? Failure
            report(
                key.name, "'\(shown(name))': \(failure?.what ?? "\(error)")",
                remedy: failure?.remedy ?? "check the file's permissions")
        }
        return nil
    }

    private func path(_ key: Key, directory: Bool) -> URL? {
        guard let node = lookup(key) else {
            return isDescribing && key.required ? baseDirectory.appending(path: "…") : nil
        }
        guard let text = node.text else {
            wrongType(key, node)
            return nil
        }
        if let problem = pathProblem(text, base: baseDirectory, directory: directory) {
            diagnosis.report(file: file, mark: node.mark, problem.message, remedy: problem.remedy)
            return nil
        }
        return resolve(text, base: baseDirectory)
    }
}

/// An absolute URL of a path as a user wrote it.
public func resolve(_ path: String, base: URL) -> URL {
    let url = path.hasPrefix("/") ? URL(filePath: path) : base.appending(path: path)
    return url.standardizedFileURL
}

/// What is wrong with a path that must name an existing file or folder; nil if nothing is.
public func pathProblem(_ text: String, base: URL, directory: Bool?) -> (message: String, remedy: String)? {
    if text.isEmpty { return ("the path is empty", "name a path, or leave the key out") }
    if text.utf8.contains(0) { return ("a path cannot hold the character NUL", "write the path without it") }
    let url = resolve(text, base: base)
    let wanted = directory.map { $0 ? "folder" : "file" } ?? "file or folder"
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) {
        guard let directory, isFolder.boolValue != directory else { return nil }
        return ("'\(shown(text))' is a \(directory ? "file" : "folder"), not a \(wanted)", "name a \(wanted)")
    }
    let parent = url.deletingLastPathComponent()
    let siblings = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    if siblings.contains(url.lastPathComponent) {
        return ("'\(shown(text))' is a link to nothing", "mend the link, or name the file itself")
    }
    if let near = nearestName(url.lastPathComponent, among: siblings) {
        let folder = text.contains("/") ? (text as NSString).deletingLastPathComponent + "/" : ""
        return ("there is no \(wanted) '\(shown(text))'", "did you mean '\(folder)\(near)'?")
    }
    let message = "there is no \(wanted) '\(shown(text))'"
    if text.hasPrefix("~") { return (message, "write the path out: '~' is the shell's") }
    if text.hasPrefix("/") { return (message, "check the path") }
    return (message, "check the path; it is taken from \(base.path)")
}
