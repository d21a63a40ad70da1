/// What a person writes about a detector, in `configs/detectors/*.yaml`; the classes come from the data.
public struct DetectorSettings: Sendable, Hashable, Codable {
    /// A preset of a backbone plugin, such as `resnet18`.
    public var backbone: String
    public var norm: Norm
    /// Groups of each group norm at the preset's full width.
    public var normGroups: Int
    public var neckWidth: Int
    public var headWidth: Int
    public var input: DetectorArchitecture.InputSize
    public var anchors: DetectorArchitecture.Anchors
    public var selection: DetectorArchitecture.Selection

    public init(
        backbone: String, norm: Norm, normGroups: Int, neckWidth: Int, headWidth: Int,
        input: DetectorArchitecture.InputSize, anchors: DetectorArchitecture.Anchors,
        selection: DetectorArchitecture.Selection
    ) {
        self.backbone = backbone
        self.norm = norm
        self.normGroups = normGroups
        self.neckWidth = neckWidth
        self.headWidth = headWidth
        self.input = input
        self.anchors = anchors
        self.selection = selection
    }

    /// The architecture for a number of classes.
    public func architecture(
        classes: Int, _ catalog: BackboneCatalog, at place: String? = nil
    ) throws -> DetectorArchitecture {
        DetectorArchitecture(
            backbone: try catalog.architecture(preset: backbone, norm: norm, groups: normGroups, at: place),
            neck: DetectorArchitecture.Neck(lateralWidth: neckWidth, outputWidth: neckWidth),
            proposalWidth: neckWidth, headWidths: [headWidth, headWidth], classes: classes, input: input,
            anchors: anchors, selection: selection)
    }
}
