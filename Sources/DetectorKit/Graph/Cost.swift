/// One operation with the shapes it runs on: what a latency table measures, and what costs are summed over.
public struct OperatorSpec: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        // New kinds go to the end: tables are sorted by this order.
        case convolution, norm, relu, add, maxPool, upsample, regions, linear, hardSwish, hardSigmoid, globalPool, gate
    }

    public var kind: Kind
    /// Images, or regions behind RoIAlign.
    public var batch: Int
    public var inputChannels: Int
    public var outputChannels: Int
    /// Of the input. A linear layer has 1×1.
    public var height: Int
    public var width: Int
    public var kernel: Int
    public var stride: Int
    public var groups: Int
    /// Multiply-accumulates; 0 for operations without weights' products.
    public var multiplyAccumulates: Int

    public init(
        kind: Kind, batch: Int, inputChannels: Int, outputChannels: Int, height: Int, width: Int, kernel: Int,
        stride: Int, groups: Int, multiplyAccumulates: Int
    ) {
        self.kind = kind
        self.batch = batch
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.height = height
        self.width = width
        self.kernel = kernel
        self.stride = stride
        self.groups = groups
        self.multiplyAccumulates = multiplyAccumulates
    }
}

/// What a detector costs on one image.
public struct Cost: Sendable, Hashable, Codable {
    public var multiplyAccumulates: Int
    public var parameters: Int
    public init(multiplyAccumulates: Int, parameters: Int) {
        self.multiplyAccumulates = multiplyAccumulates
        self.parameters = parameters
    }
}

extension NetworkGraph {
    /// The operations on an image of a height and width (multiples of 32), in running order; `regions` is the number
    /// of RoIs behind RoIAlign. A convolution's padding, and nothing else, sets its output size: floor((n + 2p − k) ÷ s) + 1.
    public func operators(batch: Int = 1, height: Int, width: Int, regions: Int) -> [OperatorSpec] {
        struct Shape { var batch, channels, height, width: Int }
        var shapes: [Shape] = []
        var operators: [OperatorSpec] = []
        for node in nodes {
            let inputs = node.inputs.map { shapes[$0.index] }
            func record(
                _ kind: OperatorSpec.Kind, _ output: Shape, kernel: Int = 1, stride: Int = 1, groups: Int = 1,
                products: Int = 0
            ) {
                operators.append(
                    OperatorSpec(
                        kind: kind, batch: output.batch, inputChannels: inputs[0].channels,
                        outputChannels: output.channels, height: inputs[0].height, width: inputs[0].width,
                        kernel: kernel, stride: stride, groups: groups, multiplyAccumulates: products))
                shapes.append(output)
            }
            switch node.operation {
            case .input(_, let channels):
                shapes.append(Shape(batch: batch, channels: channels, height: height, width: width))
            case .convolution(let layer):
                func size(_ n: Int) -> Int { (n + 2 * layer.padding - layer.kernel) / layer.stride + 1 }
                let output = Shape(
                    batch: inputs[0].batch, channels: layer.outputs, height: size(inputs[0].height),
                    width: size(inputs[0].width))
                let products =
                    output.batch * output.height * output.width * layer.outputs * (layer.inputs / layer.groups)
                    * layer.kernel * layer.kernel
                record(
                    .convolution, output, kernel: layer.kernel, stride: layer.stride, groups: layer.groups,
                    products: products)
            case .norm(let norm):
                record(.norm, inputs[0], groups: norm.kind == .group ? norm.channels / norm.channelsPerGroup : 0)
            case .relu: record(.relu, inputs[0])
            case .hardSwish: record(.hardSwish, inputs[0])
            case .hardSigmoid: record(.hardSigmoid, inputs[0])
            case .add: record(.add, inputs[0])
            case .globalPool:
                var output = inputs[0]
                (output.height, output.width) = (1, 1)
                record(.globalPool, output)
            case .gate: record(.gate, inputs[0])
            case .maxPool(let kernel, let stride, let padding):
                func size(_ n: Int) -> Int { (n + 2 * padding - kernel) / stride + 1 }
                var output = inputs[0]
                output.height = size(output.height)
                output.width = size(output.width)
                record(.maxPool, output, kernel: kernel, stride: stride)
            case .upsample:
                var output = inputs[1]
                output.channels = inputs[0].channels
                record(.upsample, output)
            case .regions(_, let size):
                record(
                    .regions, Shape(batch: regions, channels: inputs[0].channels, height: size, width: size),
                    kernel: size)
            case .flatten:
                shapes.append(
                    Shape(
                        batch: inputs[0].batch, channels: inputs[0].channels * inputs[0].height * inputs[0].width,
                        height: 1, width: 1))
            case .linear(let layer):
                record(
                    .linear, Shape(batch: inputs[0].batch, channels: layer.outputs, height: 1, width: 1),
                    products: inputs[0].batch * layer.inputs * layer.outputs)
            }
        }
        return operators
    }

    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
}

extension DetectorGraph {
    /// The size that an image of the input size's full extent is padded to, with the longer side across.
    public var paddedSize: (height: Int, width: Int) {
        func padded(_ n: Int) -> Int { (n + 31) / 32 * 32 }
        return (padded(architecture.input.shorter), padded(architecture.input.longer))
    }

    /// Cost on an image of the full input size, with as many regions as inference proposes.
    public var cost: Cost { cost(regions: architecture.selection.inference.afterNMS) }

    /// Cost with another number of regions behind RoIAlign, as a training step has.
    public func cost(regions: Int) -> Cost {
        let size = paddedSize
        let operators = network.operators(height: size.height, width: size.width, regions: regions)
        return Cost(
            multiplyAccumulates: operators.reduce(0) { $0 + $1.multiplyAccumulates },
            parameters: network.parameterCount)
    }
}
