// DetectorKit
