"""Makes this folder's fixtures with torchvision: what our detector must agree with.

    pip install torch torchvision safetensors && python make.py

Images and features are formulas that the Swift tests repeat, weights are random numbers that float16 holds exactly, so
that little has to be stored.
"""

import json
import math
import pathlib

import torch

FOLDER = pathlib.Path(__file__).parent


def load_torchvision():
    """Imports torchvision; where its compiled operators do not fit the installed torch, Python ones stand in."""
    try:
        import torchvision

        return torchvision
    except RuntimeError:
        pass
    library = torch.library.Library("torchvision", "DEF")
    for schema in ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
                   "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"):
        library.define(schema)

    def nms(boxes, scores, threshold):
        order = scores.sort(descending=True, stable=True)[1]
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        kept, dropped = [], torch.zeros(len(boxes), dtype=torch.bool)
        for i in order.tolist():
            if dropped[i]:
                continue
            kept.append(i)
            low = torch.maximum(boxes[:, :2], boxes[i, :2])
            high = torch.minimum(boxes[:, 2:], boxes[i, 2:])
            common = (high - low).clamp(min=0).prod(1)
            dropped |= common / (area[i] + area - common) > threshold
        return torch.tensor(kept, dtype=torch.int64)

    library.impl("nms", nms, "CPU")
    import importlib
    import sys

    for name in [n for n in sys.modules if n.startswith("torchvision")]:
        del sys.modules[name]
    torchvision = importlib.import_module("torchvision")
    torchvision._keep = library
    from torchvision.ops import boxes, poolers
    from torchvision.ops.roi_align import _roi_align

    boxes._assert_has_ops = lambda: None
    plain = getattr(_roi_align, "__wrapped__", _roi_align)

    def roi_align(features, rois, output_size, spatial_scale, sampling_ratio):
        return plain(features, rois, spatial_scale, *output_size, sampling_ratio, False)

    poolers.roi_align = roi_align
    return torchvision


torchvision = load_torchvision()
from torchvision.models.detection import FasterRCNN  # noqa: E402
from torchvision.models.detection import _utils as det_utils  # noqa: E402
from torchvision.models.detection.anchor_utils import AnchorGenerator  # noqa: E402
from torchvision.models.detection.backbone_utils import BackboneWithFPN  # noqa: E402
from torchvision.models.detection.rpn import RPNHead  # noqa: E402
from torchvision.models.detection.faster_rcnn import TwoMLPHead  # noqa: E402
from torchvision.models.resnet import BasicBlock  # noqa: E402
from torchvision.ops import MultiScaleRoIAlign, box_iou  # noqa: E402

WIDTHS = [8, 16, 16, 24]
NECK, HEAD, CLASSES = 16, 24, 3


def image(width, height, number):
    """[3, height, width], 0…255: a pattern with a brighter rectangle."""
    x = torch.arange(width).view(1, 1, -1)
    y = torch.arange(height).view(1, -1, 1)
    c = torch.arange(3).view(-1, 1, 1)
    pattern = (x * 7 + y * 13 + c * 50 + number * 31 + (x * y) % 97) % 160
    inside = (x >= width // 4) & (x < width // 2) & (y >= height // 3) & (y < 2 * height // 3)
    return (pattern + 90 * inside).to(torch.uint8)


def norm(channels):
    return torch.nn.GroupNorm(channels // 4, channels)


class Body(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, WIDTHS[0], 7, 2, 3, bias=False)
        self.bn1 = norm(WIDTHS[0])
        self.relu = torch.nn.ReLU()
        self.maxpool = torch.nn.MaxPool2d(3, 2, 1)
        before = WIDTHS[0]
        for stage, width in enumerate(WIDTHS):
            stride = 1 if stage == 0 else 2
            downsample = None
            if stride != 1 or before != width:
                downsample = torch.nn.Sequential(torch.nn.Conv2d(before, width, 1, stride, bias=False), norm(width))
            blocks = [BasicBlock(before, width, stride, downsample, norm_layer=norm)]
            if stage == 2:
                blocks.append(BasicBlock(width, width, norm_layer=norm))
            setattr(self, f"layer{stage + 1}", torch.nn.Sequential(*blocks))
            before = width


def model():
    torch.manual_seed(7)
    backbone = BackboneWithFPN(Body(), {f"layer{i + 1}": str(i) for i in range(4)}, WIDTHS, NECK)
    anchors = AnchorGenerator(tuple((s,) for s in (8, 16, 32, 64, 128)), ((0.5, 1.0, 2.0),) * 5)
    result = FasterRCNN(
        backbone, min_size=96, max_size=128, rpn_anchor_generator=anchors,
        rpn_head=RPNHead(NECK, 3), box_head=TwoMLPHead(NECK * 49, HEAD),
        box_predictor=torchvision.models.detection.faster_rcnn.FastRCNNPredictor(HEAD, CLASSES + 1),
        # The draws take all there is: nothing is left to chance.
        rpn_batch_size_per_image=1_000_000, box_batch_size_per_image=1_000_000,
        rpn_pre_nms_top_n_train=200, rpn_pre_nms_top_n_test=100, rpn_post_nms_top_n_train=120,
        rpn_post_nms_top_n_test=60)
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for name, p in result.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if p.dim() > 1:
                fan_in = p[0].numel()
                gain = 3.0 if "box_predictor.cls_score" in name else 0.15 if "bbox_pred" in name else 1.3
                p.copy_(noise * gain / math.sqrt(fan_in))
            elif ".bn" in name or "downsample.1" in name:
                p.copy_(1 + 0.2 * noise if name.endswith("weight") else 0.2 * noise)
            else:
                p.copy_(0.1 * noise)
            p.copy_(p.half().float())
    return result


def rounded(tensor, digits=6):
    if tensor.dim() == 0:
        return round(float(tensor), digits)
    return [rounded(t, digits) for t in tensor]


def geometry():
    generator = torch.Generator().manual_seed(3)

    def boxes(count, side):
        low = torch.rand(count, 2, generator=generator) * 80
        size = 2 + torch.rand(count, 2, generator=generator) * side
        return torch.cat([low, low + size], 1)

    a, b = boxes(12, 60), boxes(12, 60)
    deltas = torch.randn(12, 4, generator=generator) * torch.tensor([1.0, 1.0, 2.0, 2.0])
    coding = []
    for weights in ((1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)):
        coder = det_utils.BoxCoder(weights)
        coding.append({"weights": list(weights), "offsets": rounded(coder.encode_single(a, b)),
                       "decoded": rounded(coder.decode_single(deltas, b), 4)})
    targets, candidates = boxes(5, 40).round(), boxes(100, 40).round()
    near = targets.repeat(8, 1) + (torch.randn(40, 4, generator=generator) * 3).round()
    candidates = torch.cat([candidates, near])
    overlap = box_iou(targets, candidates)
    return {
        "boxes": rounded(a), "references": rounded(b), "deltas": rounded(deltas), "coding": coding,
        "targets": rounded(targets), "candidates": rounded(candidates),
        "anchor_matches": det_utils.Matcher(0.7, 0.3, True)(overlap).tolist(),
        "region_matches": det_utils.Matcher(0.5, 0.5, False)(overlap).tolist(),
    }


def regions():
    """RoIAlign over four levels of a 512×384 image, two images, two channels."""
    features = {}
    for level in range(4):
        h, w = 384 >> (level + 2), 512 >> (level + 2)
        n = torch.arange(2).view(-1, 1, 1, 1)
        c = torch.arange(2).view(1, -1, 1, 1)
        y, x = torch.arange(h).view(1, 1, -1, 1), torch.arange(w).view(1, 1, 1, -1)
        features[str(level)] = ((n * 5 + c * 31 + y * 7 + x * 13 + level * 3 + (x * y) % 11) % 17) / 17
    boxes = [
        torch.tensor([[3.2, 4.1, 40.7, 22.9], [0, 0, 111.9, 111.9], [0, 0, 112, 112], [100, 50, 323.9, 273.9],
                      [100, 50, 324, 274], [0.5, 0.5, 500, 380]]),
        torch.tensor([[0, 0, 448, 384], [500, 370, 512, 384], [10, 10, 10.5, 10.25], [-3, -2, 60, 30]]),
    ]
    pool = MultiScaleRoIAlign([str(i) for i in range(4)], 7, 2)
    result = pool(features, boxes, [(384, 512)] * 2)
    return {"boxes": [rounded(b) for b in boxes], "features": rounded(result.flatten(1), 5)}


def detector():
    net = model()
    sizes = [(90, 68), (60, 77)]
    images = [image(w, h, i) / 255 for i, (w, h) in enumerate(sizes)]
    targets = [
        {"boxes": torch.tensor([[22.0, 22, 45, 45], [5, 40, 30, 66], [50, 5, 84, 20]]), "labels": torch.tensor([1, 3, 2])},
        {"boxes": torch.tensor([[15.0, 25, 30, 51]]), "labels": torch.tensor([2])},
    ]
    batch, _ = net.transform([i.clone() for i in images])
    points = [[n, c, y, x] for n in range(2) for c in range(3) for y in range(0, batch.tensors.shape[2], 13)
              for x in range(0, batch.tensors.shape[3], 17)]
    transform = {
        "sizes": [list(s) for s in batch.image_sizes], "padded": list(batch.tensors.shape[-2:]), "points": points,
        "values": [round(float(batch.tensors[tuple(p)]), 6) for p in points],
    }

    net.train()
    proposals = {}
    original = net.rpn.forward
    net.rpn.forward = lambda *a: proposals.setdefault(net.training, original(*a))
    losses = net(images, targets)
    sum(losses.values()).backward()
    gradients = {name: p.grad.clone() for name, p in net.named_parameters()}
    net.eval()
    with torch.no_grad():
        found = net(images)

    kept = ["backbone.body.conv1.weight", "backbone.body.layer2.0.downsample.0.weight",
            "backbone.body.layer3.1.bn1.weight", "backbone.body.layer4.0.bn2.bias", "backbone.fpn.inner_blocks.1.0.weight",
            "backbone.fpn.layer_blocks.0.0.bias", "rpn.head.bbox_pred.weight", "rpn.head.cls_logits.bias",
            "roi_heads.box_head.fc6.bias", "roi_heads.box_head.fc7.weight", "roi_heads.box_predictor.cls_score.weight",
            "roi_heads.box_predictor.bbox_pred.weight"]
    from safetensors.torch import save_file

    save_file({k: v.detach().half() for k, v in net.state_dict().items()}, FOLDER / "weights.safetensors")
    save_file({k: gradients[k] for k in kept}, FOLDER / "gradients.safetensors")
    return {
        "sizes": sizes, "targets": [{"boxes": rounded(t["boxes"]), "labels": t["labels"].tolist()} for t in targets],
        "transform": transform, "losses": {k: float(v.detach()) for k, v in losses.items()},
        "gradient_norms": {k: float(g.norm()) for k, g in gradients.items()},
        "proposals": [rounded(b, 4) for b in proposals[False][0]],
        "training_proposals": [len(b) for b in proposals[True][0]],
        "detections": [
            {"boxes": rounded(f["boxes"], 4), "scores": rounded(f["scores"]), "labels": f["labels"].tolist()}
            for f in found
        ],
    }


for name, make in (("geometry", geometry), ("regions", regions), ("detector", detector)):
    text = json.dumps(make(), separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(text + "\n")
