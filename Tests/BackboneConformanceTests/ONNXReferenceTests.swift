import BackboneConformance
import Basics
import DetectorKit
import ONNX
import Tensor
import Testing

/// The reference against numbers worked out by hand.
@Suite struct ONNXReferenceTests {
    private func value(_ shape: [Int], _ elements: [Double]) -> ReferenceValue { ReferenceValue(shape, elements) }

    private func run(
        _ operation: String, _ inputs: [ReferenceValue], _ attributes: [String: ONNXModel.Attribute] = [:]
    ) throws -> ReferenceValue {
        var builder = GraphBuilder()
        _ = builder.input("image", channels: 3)
        var model = try ONNXModel(network: builder.graph, weights: [:], outputs: [], producerVersion: "test")
        let names = inputs.indices.map { "x\($0)" }
        model.nodes = [
            .init(operation: operation, name: "node", inputs: names, outputs: ["y"], attributes: attributes)
        ]
        model.outputs = [.init(name: "y", element: .float, shape: [])]
        let fed = Dictionary(uniqueKeysWithValues: zip(names, inputs))
        return try ONNXReference(model).run(fed)[0]
    }

    private func window(_ kernel: Int, stride: Int, padding: Int) -> [String: ONNXModel.Attribute] {
        [
            "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
            "pads": .integers([padding, padding, padding, padding]),
        ]
    }

    private var ramp: ReferenceValue { value([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]) }

    @Test func convolutions() throws {
        var attributes = window(3, stride: 2, padding: 1)
        attributes["group"] = .integer(1)
        let ones = value([1, 1, 3, 3], Array(repeating: 1, count: 9))
        // Sums of the neighbours that there are, at the corners.
        #expect(
            try run("Conv", [ramp, ones, value([1], [0.5])], attributes)
                == value([1, 1, 2, 2], [12.5, 16.5, 24.5, 28.5]))
        // Two groups: each output reads its own input alone.
        var grouped = window(1, stride: 1, padding: 0)
        grouped["group"] = .integer(2)
        let both = value([1, 2, 1, 2], [1, 2, 3, 4])
        #expect(
            try run("Conv", [both, value([2, 1, 1, 1], [10, 100])], grouped)
                == value([1, 2, 1, 2], [10, 20, 300, 400]))
        #expect(throws: Failure.self) { try run("Conv", [both, value([2, 2, 1, 1], [1, 1, 1, 1])], grouped) }
    }

    @Test func windowsAndSizes() throws {
        // −∞ stands around the image, not 0.
        let below = value(ramp.shape, ramp.elements.map { $0 - 10 })
        #expect(
            try run("MaxPool", [below], window(3, stride: 2, padding: 1)) == value([1, 1, 2, 2], [-5, -4, -2, -1]))
        let sizes = value([4], [1, 1, 4, 2])
        let nothing = value([0], [])
        #expect(
            try run("Resize", [value([1, 1, 2, 2], [1, 2, 3, 4]), nothing, nothing, sizes])
                == value([1, 1, 4, 2], [1, 2, 1, 2, 3, 4, 3, 4]))
        #expect(try run("GlobalAveragePool", [ramp]) == value([1, 1, 1, 1], [5]))
        #expect(
            try run("Slice", [ramp, value([1], [1]), value([1], [3]), value([1], [3])])
                == value([1, 1, 3, 2], [2, 3, 5, 6, 8, 9]))
        #expect(try run("Concat", [ramp, ramp], ["axis": .integer(0)]).shape == [2, 1, 3, 3])
        #expect(
            try run("Concat", [value([2, 1], [1, 2]), value([2, 2], [3, 4, 5, 6])], ["axis": .integer(1)])
                == value([2, 3], [1, 3, 4, 2, 5, 6]))
    }

    @Test func normsActivationsAndProducts() throws {
        let x = value([1, 2, 1, 2], [1, 3, -2, 2])
        let parameters = [[2, 1], [0, 1], [1, 0], [3, 0]].map { value([2], $0) }
        #expect(
            try run("BatchNormalization", [x] + parameters, ["epsilon": .float(1)])
                == value([1, 2, 1, 2], [0, 2, -1, 3]))
        let normalised = try run(
            "InstanceNormalization", [x, value([2], [1, 3]), value([2], [0, 1])], ["epsilon": .float(0)])
        #expect(normalised == value([1, 2, 1, 2], [-1, 1, -2, 4]))
        let line = value([5], [-4, -1.5, 0, 1.5, 4])
        #expect(try run("HardSwish", [line]) == value([5], [0, -0.375, 0, 1.125, 4]))
        #expect(try run("Relu", [line]) == value([5], [0, 0, 0, 1.5, 4]))
        #expect(
            try run("HardSigmoid", [line], ["alpha": .float(0.25), "beta": .float(0.5)])
                == value([5], [0, 0.125, 0.5, 0.875, 1]))
        #expect(
            try run(
                "Gemm", [value([1, 2], [1, 2]), value([2, 2], [3, 4, 5, 6]), value([2], [1, 0])],
                ["transB": .integer(1)]) == value([1, 2], [12, 17]))
        #expect(
            try run("Mul", [value([2, 2], [1, 2, 3, 4]), value([2, 1], [10, 100])])
                == value([2, 2], [10, 20, 300, 400]))
        #expect(throws: Failure.self) { try run("Add", [value([2], [1, 2]), value([3], [1, 2, 3])]) }
        #expect(throws: Failure.self) { try run("Softmax", [line]) }
    }

    @Test func shapes() throws {
        let x = value([2, 3], [1, 2, 3, 4, 5, 6])
        #expect(try run("Shape", [x]) == value([2], [2, 3]))
        #expect(try run("Reshape", [x, value([3], [0, -1, 1])]).shape == [2, 3, 1])
        #expect(try run("Unsqueeze", [x, value([2], [0, 3])]).shape == [1, 2, 3, 1])
        #expect(try run("Flatten", [ramp], ["axis": .integer(1)]).shape == [1, 9])
        #expect(throws: Failure.self) { try run("Reshape", [x, value([2], [4, 2])]) }
    }
}
