"""Writes the evaluation fixtures beside it. Needs numpy and pycocotools 2.0; run it only to add a case.

Boxes and scores lie on coarse grids, so that equal scores and equal overlaps are common; there are crowds, areas on
the limits 1024 and 9216, an annotation with id 0, categories and images without objects or detections, and more than
100 detections of one category in an image.
"""
import contextlib, io, json, pathlib
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

folder = pathlib.Path(__file__).parent


def make(name, seed, images, categories, objects, detections, crowd):
    r = np.random.default_rng(seed)
    sides = [8, 16, 32, 32, 48, 64, 96, 96, 128]

    def box():
        return [int(v) * 8 for v in r.integers(0, 24, 2)] + [int(v) for v in r.choice(sides, 2)]

    gt = {"images": [{"id": int(i)} for i in r.permutation(np.arange(3, 3 + 2 * images, 2))],
          "categories": [{"id": c, "name": f"kind {c}"} for c in categories], "annotations": []}
    ids = [i["id"] for i in gt["images"]]
    for n in range(objects):
        b = box()
        gt["annotations"].append({"id": n, "image_id": int(r.choice(ids[:-1])), "category_id": int(r.choice(categories[:-1])),
                                  "bbox": b, "area": b[2] * b[3], "iscrowd": int(r.random() < crowd)})
    dt = []
    for n in range(detections):
        if r.random() < 0.7 and objects:
            a = gt["annotations"][int(r.integers(objects))]
            b = [a["bbox"][0] + int(r.integers(-2, 3)) * 4, a["bbox"][1] + int(r.integers(-1, 2)) * 4] + a["bbox"][2:]
            image, category = a["image_id"], a["category_id"] if r.random() < 0.85 else int(r.choice(categories))
        else:
            b, image, category = box(), int(r.choice(ids)), int(r.choice(categories))
        dt.append({"image_id": image, "category_id": category, "bbox": b, "score": int(r.integers(1, 20)) / 20})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = json.loads(json.dumps(gt))
        coco.createIndex()
        e = COCOeval(coco, coco.loadRes(json.loads(json.dumps(dt))), "bbox")
        e.evaluate(); e.accumulate(); e.summarize()
    p = e.eval["precision"][:, :, :, 0, 2]
    expected = {"stats": e.stats.tolist(),
                "per_category_ap": [float(p[:, :, k][p[:, :, k] > -1].mean()) if (p[:, :, k] > -1).any() else -1.0
                                    for k in range(p.shape[2])],
                "recall": e.eval["recall"][:, :, 0, 2].T.tolist(),
                "precision": {str(t): p[t].T.tolist() for t in (0, 7)}}
    text = json.dumps({"ground_truth": gt, "detections": dt, "expected": expected}, separators=(",", ":"))
    (folder / f"{name}.json").write_text(text.replace("},{", "},\n{") + "\n")


make("mixed", 1, images=6, categories=[2, 5, 9, 11], objects=40, detections=90, crowd=0.15)
make("crowded", 2, images=2, categories=[1, 3], objects=30, detections=260, crowd=0.3)
make("many-images", 3, images=40, categories=[1, 2, 3, 4, 5], objects=60, detections=100, crowd=0.0)
make("no-objects", 4, images=2, categories=[1, 2], objects=0, detections=5, crowd=0.0)
