"""The PyTorch side of a benchmark: reads a request, then runs once for each further line, and answers each with a line.

Same weights, images and targets as ours, from the request's folder; torchvision's detectors with their own defaults.
"""
import json
import sys

from worker import answer, serve


def read_tensors(path):
    import torch

    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data, dtype=torch.float32, offset=begin, count=(end - begin) // 4)
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


def write_tensors(tensors, path):
    header, offset, parts = {}, 0, []
    for name, tensor in tensors.items():
        raw = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {
            "dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(raw)]}
        offset += len(raw)
        parts.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(parts))


def detector(benchmark, folder, **more):
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    from torchvision.ops.misc import FrozenBatchNorm2d

    backbone = resnet_fpn_backbone(
        backbone_name=benchmark["backbone"], weights=None, norm_layer=FrozenBatchNorm2d, trainable_layers=5)
    size = benchmark["size"]
    model = FasterRCNN(backbone, 91, min_size=size, max_size=size, **more)
    model.load_state_dict(read_tensors(folder + "/weights.safetensors"), strict=True)
    inputs = read_tensors(folder + "/inputs.safetensors")
    images, targets = [], []
    for i in range(benchmark["batch"]):
        images.append((inputs[f"image{i}"] / 255).permute(2, 0, 1).contiguous())
        targets.append({"boxes": inputs[f"boxes{i}"], "labels": inputs[f"labels{i}"].long()})
    return model, images, targets


def training(benchmark, folder, bf16):
    import torch

    model, images, targets = detector(benchmark, folder)
    model.train()
    optimiser = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=1e-4, momentum=0.9, weight_decay=1e-4)

    def run():
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = sum(model(images, targets).values())
        loss.backward()
        optimiser.step()

    return run


def gradients(benchmark, folder, path):
    model, images, targets = detector(
        benchmark, folder, rpn_batch_size_per_image=1 << 24, box_batch_size_per_image=1 << 24)
    model.train()
    losses = model(images, targets)
    sum(losses.values()).backward()
    names = {"loss_objectness": "objectness", "loss_rpn_box_reg": "proposal_box",
             "loss_classifier": "classification", "loss_box_reg": "box"}
    tensors = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    tensors.update({"loss." + names[name]: value for name, value in losses.items()})
    write_tensors(tensors, path)


def workload(benchmark, folder):
    import torch

    work, channels, size, batch = (benchmark[k] for k in ("work", "channels", "size", "batch"))
    if work in ("training", "start"):
        return training(benchmark, folder, benchmark.get("precision") == "bf16")
    if work in ("detection", "features"):
        model, images, _ = detector(benchmark, folder)
        model.eval()
        if work == "features":
            batch = model.transform(images)[0].tensors

            def run():
                with torch.inference_mode():
                    model.backbone(batch)
        else:
            def run():
                with torch.inference_mode():
                    model(images)
        return run

    torch.manual_seed(5)

    def grad(*tensors):
        return [t.requires_grad_() for t in tensors]

    def backward(forward, leaves):
        def run():
            # Fresh gradients each time, as ours: kept ones would be added to.
            for leaf in leaves:
                leaf.grad = None
            result = forward()
            result.backward(torch.ones_like(result))
        return run

    def inference(forward):
        def run():
            with torch.inference_mode():
                forward()
        return run

    functional = torch.nn.functional
    if work in ("convolution", "convolutionBackward"):
        k = benchmark["kernel"]
        x, w = grad(torch.rand(batch, channels, size, size), torch.rand(channels, channels, k, k))
        forward = lambda: functional.conv2d(x, w, padding=k // 2)
        return backward(forward, [x, w]) if work.endswith("Backward") else inference(forward)
    if work == "linear":
        x, w = grad(torch.rand(channels, 12544), torch.rand(1024, 12544))
        return backward(lambda: functional.linear(x, w), [x, w])
    if work == "groupNorm":
        x, s, b = grad(torch.rand(batch, channels, size, size), torch.ones(channels), torch.ones(channels))
        return backward(lambda: functional.relu(functional.group_norm(x, 16, s, b)), [x, s, b])
    from torchvision import ops

    if work in ("roiAlign", "roiAlignBackward"):
        extent = size * 4
        (x,) = grad(torch.rand(batch, channels, size, size))
        sides = torch.rand(1024, 2) * 0.35 * extent + 0.05 * extent
        corner = torch.rand(1024, 2) * (extent - sides)
        rois = torch.cat([(torch.arange(1024) % batch)[:, None].float(), corner, corner + sides], 1)
        forward = lambda: ops.roi_align(x, rois, 7, 0.25, 2)
        return backward(forward, [x]) if work.endswith("Backward") else inference(forward)
    corner = torch.rand(2000, 2) * 280
    boxes = torch.cat([corner, corner + 8 + 72 * torch.rand(2000, 2)], 1)
    scores = torch.rand(2000)
    return inference(lambda: ops.nms(boxes, scores, 0.7))


def main():
    request = json.loads(sys.stdin.readline())
    import torch
    import torchvision

    torch.set_num_threads(request["threads"])
    if request.get("gradients"):
        gradients(request["benchmark"], request["folder"], request["gradients"])
        answer()
        return
    run = workload(request["benchmark"], request["folder"])
    serve(lambda: run, f"torch {torch.__version__}, torchvision {torchvision.__version__}")


if __name__ == "__main__":
    main()
