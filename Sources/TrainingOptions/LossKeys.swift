public import Detection
public import Manifest
public import Search

extension TrainingSettings {
    /// The keys that say what the detector's own losses are taken over.
    public init(_ reader: ConfigReader) {
        self.init()
        anchors.count = reader.int(
            "anchors_per_image", default: 256, in: 2...100_000,
            help: "anchors drawn for the proposal losses, up to half of them on objects")
        regions.count = reader.int(
            "regions_per_image", default: 128, in: 4...100_000,
            help: "regions drawn for the box losses, up to a quarter of them on objects")
    }
}

extension DistillationSettings {
    /// The keys of a mapping that says what is learnt from a teacher.
    public init(_ reader: ConfigReader) {
        let standard = DistillationSettings()
        func weight(_ name: String, _ value: Double, _ help: String) -> Double {
            reader.double(name, default: value, in: 0...1000, help: help)
        }
        self.init(
            features: weight("features", standard.features, "weight of the pyramid's features"),
            featureForm: reader.choice(
                "feature_form", default: standard.featureForm, help: "correlation (PKD) or squared differences"),
            background: weight("background", standard.background, "weight of pixels outside objects"),
            classes: weight("classes", standard.classes, "weight of the class distributions"),
            temperature: reader.double(
                "temperature", default: standard.temperature, in: 0.1...100, help: "of the class distributions"),
            boxes: weight("boxes", standard.boxes, "weight of the teacher's boxes"),
            boxMargin: weight("box_margin", standard.boxMargin, "by how much a teacher's box must be better"),
            objectness: weight("objectness", standard.objectness, "weight of the proposals' objectness"))
    }
}
