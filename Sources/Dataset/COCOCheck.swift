import Archive

/// Turns raw entries into records, and collects what is wrong with those that cannot be turned.
struct COCOCheck {
    let declared: CategoryTable
    let kept: CategoryTable
    var problems: [AnnotationProblem] = []
    var beyondCount = 0

    init(declared: CategoryTable, kept: CategoryTable) {
        self.declared = declared
        self.kept = kept
    }

    mutating func entries(_ raw: COCORawFile) -> [COCOFile.Entry] {
        var entries: [COCOFile.Entry] = []
        var position: [Int: Int] = [:]
        // Ids of pictures that are there but bad: their objects go with them, and are no news.
        var badImages: Set<Int> = []
        var names: Set<String> = []
        for (index, image) in raw.images.enumerated() {
            let name = "images[\(index)]"
            if let what = problem(image, isKnown: image.id.map { position[$0] != nil } ?? false, names: names) {
                problems.append(AnnotationProblem(place: image.place, what: "\(name): \(what)"))
                if let id = image.id, position[id] == nil { badImages.insert(id) }
                continue
            }
            guard let id = image.id, let file = image.fileName, let width = image.width, let height = image.height
            else { continue }
            names.insert(file)
            position[id] = entries.count
            entries.append(
                COCOFile.Entry(
                    image: ImageRecord(id: id, fileName: file, width: width, height: height), annotations: [],
                    place: image.place, name: name))
        }
        var ids: Set<Int> = []
        for (index, annotation) in raw.annotations.enumerated() {
            if let image = annotation.imageID, position[image] == nil, badImages.contains(image) { continue }
            let owner = annotation.imageID.flatMap { position[$0] }
            do {
                let object = try checked(annotation, in: owner.map { entries[$0].image }, ids: &ids)
                if let owner, let object { entries[owner].annotations.append(object) }
            } catch {
                let place = "\(raw.file):\(annotation.line):\(annotation.column)"
                problems.append(AnnotationProblem(place: place, what: "annotations[\(index)]: \(error.what)"))
            }
        }
        return entries.sorted { $0.image.id < $1.image.id }
    }

    private struct Wrong: Error { var what: String }

    private func problem(_ image: COCORawFile.Image, isKnown: Bool, names: Set<String>) -> String? {
        guard let id = image.id else { return "its 'id' is missing or no whole number" }
        if isKnown { return "there is another picture of id \(id)" }
        guard let file = image.fileName, !file.isEmpty else { return "its 'file_name' is missing" }
        if let problem = MemberPath.problem(with: file) { return "its file name '\(file)' \(problem)" }
        if names.contains(file) { return "there is another picture of file name '\(file)'" }
        guard let width = image.width, let height = image.height, width > 0, height > 0 else {
            return "its 'width' and 'height' must be whole numbers above 0"
        }
        return nil
    }

    /// The object, or nil if its class is not among the kept ones.
    private mutating func checked(
        _ annotation: COCORawFile.Annotation, in image: ImageRecord?, ids: inout Set<Int>
    ) throws(Wrong) -> ObjectAnnotation? {
        guard let id = annotation.id else { throw Wrong(what: "its 'id' is missing or no whole number") }
        guard ids.insert(id).inserted else { throw Wrong(what: "there is another annotation of id \(id)") }
        guard let imageID = annotation.imageID else { throw Wrong(what: "its 'image_id' is missing") }
        guard let image else { throw Wrong(what: "there is no picture of id \(imageID)") }
        guard let category = annotation.categoryID else { throw Wrong(what: "its 'category_id' is missing") }
        guard declared.label(ofID: category) != nil else { throw Wrong(what: "there is no category of id \(category)") }
        guard let isCrowd = annotation.isCrowd else { throw Wrong(what: "its 'iscrowd' must be 0 or 1") }
        let box = annotation.box
        guard box.count == 4, box.allSatisfy(\.isFinite) else {
            throw Wrong(what: "its 'bbox' must be four numbers: x, y, width, height")
        }
        let source = SourceBox(x: box[0], y: box[1], width: box[2], height: box[3])
        let text = "[\(box.map(number).joined(separator: ", "))]"
        guard source.width > 0, source.height > 0 else { throw Wrong(what: "its box \(text) has no area") }
        let clipped = source.clipped(toWidth: image.width, height: image.height)
        guard clipped.width > 0, clipped.height > 0 else {
            throw Wrong(what: "its box \(text) lies outside the picture (\(image.width)×\(image.height))")
        }
        let area = annotation.area ?? source.width * source.height
        guard area.isFinite else { throw Wrong(what: "its box \(text) is too large: its area is no number") }
        guard let label = kept.label(ofID: category) else { return nil }
        if source.reachesBeyond(width: image.width, height: image.height) { beyondCount += 1 }
        return ObjectAnnotation(
            id: id, box: clipped, sourceBox: source, label: label, isCrowd: isCrowd,
            area: area)
    }
}
