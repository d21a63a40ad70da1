/// What a student learns from its teacher, and how much each counts beside the plain losses. A weight of 0 switches a
/// loss off: it is then not computed, and with all off a step equals plain training bit for bit.
public struct DistillationSettings: Sendable, Hashable, Codable {
    /// How features are compared.
    public enum FeatureForm: String, Sendable, Hashable, Codable, CaseIterable {
        /// Half of the masked mean square of the difference between maps whose channels are standardised over all pixels of the
        /// batch: with an even mask 1 − Pearson's correlation (PKD, Cao et al., NeurIPS 2022).
        case correlation
        /// The mean of the squared differences.
        case squared
    }

    /// Features of the pyramid's levels, masked to objects.
    public var features: Double
    public var featureForm: FeatureForm
    /// What pixels outside every object count beside those inside.
    public var background: Double
    /// Class distributions on the student's own regions.
    public var classes: Double
    /// Of the class distributions (Hinton et al. 2015).
    public var temperature: Double
    /// The teacher's box for the region's class, where it is better than the student's (Chen et al., NeurIPS 2017).
    public var boxes: Double
    /// By how much better, in units of the box coder's offsets, summed over the four.
    public var boxMargin: Double
    /// Objectness of the proposal head.
    public var objectness: Double

    public init(
        features: Double = 2, featureForm: FeatureForm = .correlation, background: Double = 0.25,
        classes: Double = 1, temperature: Double = 2, boxes: Double = 1, boxMargin: Double = 0.1,
        objectness: Double = 0.5
    ) {
        self.features = features
        self.featureForm = featureForm
        self.background = background
        self.classes = classes
        self.temperature = temperature
        self.boxes = boxes
        self.boxMargin = boxMargin
        self.objectness = objectness
    }

    public static let off = DistillationSettings(features: 0, classes: 0, boxes: 0, objectness: 0)

    public var isOff: Bool { features == 0 && classes == 0 && boxes == 0 && objectness == 0 }
}
