import Basics

/// What a state_dict's pickle asks for beside plain values: tensors, their storages, OrderedDicts.
extension PickleMachine {
    /// What a name stands for. Code is refused by its name.
    func global(_ module: String, _ name: String) throws -> PickleGlobal {
        let full = "\(module).\(name)"
        if let known = PickleGlobal(rawValue: full) { return known }
        throw Failure(
            "the file wants to call '\(shown(full))', which no state_dict does", at: place,
            remedy: "nothing was run; if you trust the file, load it with torch and save the weights alone: "
                + "torch.save(model.state_dict(), FILE)")
    }

    private func shown(_ text: String) -> String {
        let plain = text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) }
        return plain.count > 80 ? String(plain.prefix(77)) + "…" : String(plain)
    }

    /// A storage's description: ('storage', type, key, device, count). The device does not matter.
    func storage(_ description: PickleValue) throws -> TorchStorage {
        guard case .tuple(let node) = description, node.elements.count == 5, node.elements[0].text == "storage",
            case .global(let type) = node.elements[1], let element = type.element, let key = node.elements[2].text,
            let count = node.elements[4].integer
        else { throw refuse("the pickle refers to something outside of it that is no storage of torch's") }
        guard !key.isEmpty, key.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw refuse("a storage has the key '\(shown(key))', which is no number")
        }
        guard count >= 0, count <= Int.max / 8 else { throw refuse("the storage \(key) has \(count) elements") }
        return TorchStorage(key: key, element: element, count: count)
    }

    /// What a call gives: of the three functions that there are.
    func result(of function: PickleValue, _ arguments: PickleValue) throws -> PickleValue {
        guard case .global(let global) = function, global.element == nil else {
            throw refuse("the pickle calls \(function.kind), which is no function")
        }
        guard case .tuple(let node) = arguments else { throw refuse("the pickle calls '\(global.rawValue)' wrongly") }
        let values = node.elements
        switch global {
        case .orderedDictionary where values.isEmpty: return .dictionary(PickleNode())
        // The tensor, whether it wants gradients, hooks.
        case .rebuildParameter where values.count == 3:
            if case .tensor = values[0] { return values[0] }
        // The storage, offset, sizes, strides, whether it wants gradients, hooks, and since torch 2.0 metadata.
        case .rebuildTensor where values.count == 6 || values.count == 7:
            if case .storage(let storage) = values[0], let offset = values[1].integer, let shape = integers(values[2]),
                let strides = integers(values[3])
            {
                return .tensor(
                    try tensor(TorchTensor(storage: storage, offset: offset, shape: shape, strides: strides)))
            }
        default: break
        }
        throw refuse("the pickle calls '\(global.rawValue)' with other arguments than torch writes")
    }

    private func integers(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let node) = value else { return nil }
        let integers = node.elements.compactMap(\.integer)
        return integers.count == node.elements.count ? integers : nil
    }

    /// A view that stays within its storage, and shows each of its elements at most once on the whole: expanded tensors
    /// (of stride 0) would make a small file fill the memory.
    private func tensor(_ tensor: TorchTensor) throws -> TorchTensor {
        func refuse(_ what: String) -> Failure { self.refuse("a tensor of the storage \(tensor.storage.key) \(what)") }
        let (shape, strides) = (tensor.shape, tensor.strides)
        guard shape.count == strides.count, shape.count <= 8, shape.allSatisfy({ $0 >= 0 }) else {
            throw refuse("has the sizes \(shape) and the strides \(strides)")
        }
        guard tensor.offset >= 0, strides.allSatisfy({ $0 >= 0 }) else {
            throw refuse("has a negative offset or stride")
        }
        var (count, last) = (1, tensor.offset)
        for (side, stride) in zip(shape, strides) {
            let product = count.multipliedReportingOverflow(by: side)
            let step = max(side - 1, 0).multipliedReportingOverflow(by: stride)
            let sum = last.addingReportingOverflow(step.partialValue)
            guard !product.overflow, !step.overflow, !sum.overflow else { throw refuse("is too large: \(shape)") }
            (count, last) = (product.partialValue, sum.partialValue)
        }
        guard count == 0 || last < tensor.storage.count else {
            throw refuse("reaches to element \(last), but there are \(tensor.storage.count)")
        }
        guard count <= tensor.storage.count else {
            throw refuse("shows \(count) elements of \(tensor.storage.count): it is expanded, save a contiguous() copy")
        }
        return tensor
    }
}
