/// Elements of a tensor in a device's memory, for reading.
public typealias Floats = UnsafePointer<Float>
/// Elements of a tensor in a device's memory, for writing.
public typealias MutableFloats = UnsafeMutablePointer<Float>

/// All that a device has to offer for detectors to be trained and run on it: memory, and the primitives that tensors are
/// computed with. The CPU is the first (`CPUDevice`); another is one more type of this protocol, and nothing above knows
/// which it runs on.
///
/// - Memory lies in an address space that the host can read and write too (host, unified or managed memory). A device
///   may return from a primitive before it is done, as long as its primitives take effect in the order of the calls;
///   before the host itself looks at elements, it calls `synchronize`.
/// - Images lie as `[N][C / block][H][W][block]` (block 1 is NCHW, block C is NHWC), everything else is row-major.
/// - The same call with the same elements gives the same bits, whatever else runs, at the same number of threads.
/// - A result may be an operand where the primitive works element by element; where a doc says so, else not.
/// - Operands are valid: the tensors above have checked shapes and indices.
public protocol Device: Sendable {
    // MARK: What it is

    /// Such as `CPU`.
    var name: String { get }
    /// Versions and instruction sets of what computes: times measured under another identity can not be compared.
    var libraries: [DeviceLibrary] { get }
    /// Channels that convolutions like best side by side: 16 with AVX-512, 8 with AVX2.
    var lanes: Int { get }
    /// Threads that primitives use, on every calling thread.
    var threads: Int { get nonmutating set }
    /// Why it can't compute in a precision; nil where it can.
    func obstacle(to precision: Precision) -> String?

    // MARK: Memory

    /// `bytes` of memory, aligned to at least 64 bytes; nil when there is none.
    func allocate(_ bytes: Int) -> UnsafeMutableRawPointer?
    func free(_ memory: UnsafeMutableRawPointer)
    /// Waits until all that was asked for is in memory.
    func synchronize()

    // MARK: Convolutions (prepared for a shape once, then run many times)

    /// Cross-correlation, with what follows it in the same pass: bias, then residual, then ReLU.
    func convolution(
        _ shape: ConvolutionShape, then after: AfterConvolution, _ engine: ConvolutionEngine, _ precision: Precision
    ) -> any ForwardConvolution
    /// From the result's gradient to the input's.
    func convolutionBackwardInput(
        _ shape: ConvolutionShape, _ engine: ConvolutionEngine, _ precision: Precision
    ) -> any BackwardInputConvolution
    /// From input and the result's gradient to the weights' (OIHW), and with `bias` to the bias'.
    func convolutionBackwardWeight(
        _ shape: ConvolutionShape, bias: Bool, _ engine: ConvolutionEngine, _ precision: Precision
    ) -> any BackwardWeightConvolution

    // MARK: Matrices

    /// c [m, n] = a [m, k] · b [k, n] + beta · c.
    func multiply(_ a: MatrixOperand, _ b: MatrixOperand, into c: MutableFloats, _ size: MatrixProduct)
    /// rows[r][c] += bias[c], then max(0, ·) with `relu`.
    func addBias(_ rows: MutableFloats, _ bias: Floats?, rowCount: Int, columns: Int, relu: Bool)
    /// result[c] = Σ_r rows[r][c]
    func sumRows(_ rows: Floats, into result: MutableFloats, rowCount: Int, columns: Int)
    /// result[r][k] = factors[r] · rows[r][k]; may work in place.
    func scaleRows(_ rows: Floats, by factors: Floats, into result: MutableFloats, rowCount: Int, columns: Int)
    /// result[i] = source[indices[i]], rows of `width`.
    func gatherRows(_ source: Floats, _ indices: [Int], into result: MutableFloats, width: Int)
    /// result[indices[i]] += source[i], in the order of i.
    func scatterRows(_ source: Floats, _ indices: [Int], into result: MutableFloats, width: Int)

    // MARK: Elementwise; a result may be an operand

    func fill(_ result: MutableFloats, with value: Float, count: Int)
    /// result = a + b, then max(0, ·) with `relu`.
    func add(_ a: Floats, _ b: Floats, into result: MutableFloats, count: Int, relu: Bool)
    /// result += factor · x
    func accumulate(_ x: Floats, times factor: Float, onto result: MutableFloats, count: Int)
    /// result = factor · x
    func scale(_ x: Floats, by factor: Float, into result: MutableFloats, count: Int)
    /// result = max(0, x)
    func relu(_ x: Floats, into result: MutableFloats, count: Int)
    /// result = gradient where output > 0, else 0.
    func reluBackward(_ gradient: Floats, output: Floats, into result: MutableFloats, count: Int)
    /// result = 1 / (1 + exp(−x))
    func sigmoid(_ x: Floats, into result: MutableFloats, count: Int)
    /// result = gradient · output · (1 − output)
    func sigmoidBackward(_ gradient: Floats, output: Floats, into result: MutableFloats, count: Int)
    /// result = x · min(max(x + 3, 0), 6) / 6
    func hardSwish(_ x: Floats, into result: MutableFloats, count: Int)
    /// result = gradient · (0 where x < −3, 1 where x > 3, else (2x + 3) / 6)
    func hardSwishBackward(_ gradient: Floats, x: Floats, into result: MutableFloats, count: Int)
    /// result = min(max(x + 3, 0), 6) / 6
    func hardSigmoid(_ x: Floats, into result: MutableFloats, count: Int)
    /// result = gradient / 6 where −3 < x < 3, else 0.
    func hardSigmoidBackward(_ gradient: Floats, x: Floats, into result: MutableFloats, count: Int)

    // MARK: Images

    /// The same image with blocks of `result` instead of `from` channels.
    func reblock(_ source: Floats, _ images: ImageLayout, into result: MutableFloats, block: Int)
    /// The largest of each window, the first of equals; `choice` is its place in the window.
    func maxPool(
        _ x: Floats, into result: MutableFloats, choice: UnsafeMutablePointer<UInt8>?, planes: Int, block: Int,
        _ window: Window)
    func maxPoolBackward(
        _ gradient: Floats, choice: UnsafePointer<UInt8>, into result: MutableFloats, planes: Int, block: Int,
        _ window: Window)
    /// result[y][x] = source[rows[y]][columns[x]]
    func pickPixels(_ source: Floats, into result: MutableFloats, _ grid: PixelGrid<Int>)
    /// Its transpose, for rows and columns in ascending order.
    func pickPixelsBackward(_ gradient: Floats, into result: MutableFloats, _ grid: PixelGrid<Int>)
    /// Bilinear interpolation.
    func bilinear(_ source: Floats, into result: MutableFloats, _ grid: PixelGrid<Tap>)
    /// result[y][x][c] = factor[c] · v + offset[c] in `[height][width][3]`, where v interpolates a channel along the row
    /// and then between rows, every operation rounded by itself; 0 beyond the picture.
    ///
    /// `onOneThread`: the calling thread works alone; another one may be using the device meanwhile.
    func resize(
        _ picture: ResizedPicture, into result: MutableFloats, height: Int, width: Int, factor: SIMD3<Float>,
        offset: SIMD3<Float>, onOneThread: Bool)
    /// result [R, C, size, size]: RoIAlign (He et al., "Mask R-CNN", 2017), as torchvision's with `aligned=False`.
    func roiAlign(_ levels: [FeatureLevel], _ regions: RegionAlignment, into result: MutableFloats)
    /// Writes the gradients of all levels, not adding to what is there. `gradient` as forward's result.
    func roiAlignBackward(_ gradient: Floats, into levels: [MutableFeatureLevel], _ regions: RegionAlignment)

    // MARK: What normalisations are made of

    /// For each channel of each image, {mean, Σ (x − mean)²}.
    func channelMoments(_ x: Floats, _ images: ImageLayout, into result: UnsafeMutablePointer<Double>)
    /// For each channel of each image, {Σ g, Σ g · (x − center)}: g is the gradient, or 0 where `output` is given and not
    /// above 0. Without `x` the second sum is 0.
    func channelSums(
        _ gradient: Floats, output: Floats?, x: Floats?, center: [Float]?, _ images: ImageLayout,
        into result: UnsafeMutablePointer<Double>)
    /// result = a · (x − center) + b for each channel of each image, plus `residual`, then max(0, ·) with `relu`.
    func channelAffine(
        _ x: Floats, center: [Float], _ a: [Float], _ b: [Float], residual: Floats?, relu: Bool, _ images: ImageLayout,
        into result: MutableFloats)
    /// result = a · g, g as above; may work in place.
    func channelScaleBackward(
        _ gradient: Floats, output: Floats?, _ a: [Float], _ images: ImageLayout, into result: MutableFloats)
    /// result = a · g + b · (x − center) + c, g as above; may work in place.
    func channelAffineBackward(
        _ gradient: Floats, output: Floats?, x: Floats, center: [Float], _ a: [Float], _ b: [Float], _ c: [Float],
        _ images: ImageLayout, into result: MutableFloats)

    // MARK: Losses: factor · Σ loss, and where wanted the gradient of that

    /// Σ_r w_r · −log softmax(logits_r)[target_r]; rows with a negative target don't count.
    func softmaxCrossEntropy(
        _ logits: Floats, targets: [Int32], weights: [Float]?, rows: Int, classes: Int, factor: Double,
        gradient: MutableFloats?
    ) -> Double
    /// Σ_r w_r · T² · Σ_k p_rk (log p_rk − log softmax(logits_r / T)[k])
    func klDivergence(
        _ logits: Floats, probabilities: Floats, weights: [Float]?, rows: Int, classes: Int, temperature: Double,
        factor: Double, gradient: MutableFloats?
    ) -> Double
    /// result_r = softmax(logits_r / T)
    func softmax(_ logits: Floats, into result: MutableFloats, rows: Int, classes: Int, temperature: Float)
    /// Σ_i w_i · (max(x, 0) − x·t + log(1 + exp(−|x|)))
    func binaryCrossEntropy(
        _ logits: Floats, targets: [Float], weights: [Float]?, count: Int, factor: Double, gradient: MutableFloats?
    ) -> Double
    /// Σ_i w_i · (d² / 2β where |d| < β, else |d| − β/2), d = x − t; β = 0 is L1.
    func smoothL1(
        _ x: Floats, targets: [Float], weights: [Float]?, count: Int, beta: Float, factor: Double,
        gradient: MutableFloats?
    ) -> Double
    /// Σ m · (x − t)² over `[planes][pixels][block]`; `mask` [planes / planesPerImage][pixels].
    func maskedSquares(
        _ x: Floats, targets: Floats, mask: Floats?, _ extent: MaskedExtent, factor: Double, gradient: MutableFloats?
    ) -> Double

    // MARK: Boxes (x1, y1, x2, y2), in host memory

    /// The indices by falling score; of equal scores the earlier index comes first.
    func indicesByFallingScore(_ scores: [Float]) -> [Int32]
    /// Walks `order` and keeps each box whose IoU with every kept box is at most `threshold`, until `limit` are kept.
    func suppress(_ boxes: [Float], order: [Int32], threshold: Float, limit: Int) -> [Int32]
    /// IoU of each of a with each of b, row-major; 0 where both are empty.
    func intersectionOverUnion(_ a: [Float], _ b: [Float]) -> [Float]

    /// For each candidate the first target that it overlaps most, where by at least `positive`; −1 where it overlaps all by
    /// less than `negative`, else −2. With `keepsBest`, the candidates that overlap a target as much as any does are taken
    /// however little that is, each for the target that it overlaps most itself.
    func matchBoxes(
        _ candidates: UnsafeBufferPointer<Float>, to targets: UnsafeBufferPointer<Float>, positive: Float,
        negative: Float, keepsBest: Bool
    ) -> [Int32]
    /// Boxes as offsets from reference boxes: centres moved in units of the reference's sides, and logarithms of the
    /// sides' ratios, times the weights.
    func encodeBoxes(
        _ boxes: UnsafeBufferPointer<Float>, from references: UnsafeBufferPointer<Float>, weights: SIMD4<Float>
    ) -> [Float]
    /// The boxes that offsets turn reference boxes into; sides grow by a factor of at most 1000 ÷ 16.
    func decodeBoxes(
        _ offsets: UnsafeBufferPointer<Float>, from references: UnsafeBufferPointer<Float>, weights: SIMD4<Float>
    ) -> [Float]

    // MARK: Optimisers, each over any number of parameters in one pass

    /// v = momentum · v + g + decay · p; p −= rate · v; g is the gradient times `scale`, rounded. The first step's gradients
    /// are given as velocities.
    func sgd(_ updates: [SGDUpdate], rate: Float, momentum: Float, scale: Float)
    /// AdamW (Loshchilov and Hutter 2019), as PyTorch computes it; the gradient as above.
    func adamW(_ updates: [AdamWUpdate], scale: Float)
    /// Σ x² over all of them, in double and in one order whatever the number of threads.
    func sumOfSquares(_ vectors: [FloatVector]) -> Double
}
