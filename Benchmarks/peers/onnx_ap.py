"""COCO's AP of an exported detector, as ONNX Runtime and pycocotools have it: held against what jdnas's report says.

    .peers/bin/python Benchmarks/peers/onnx_ap.py student.onnx annotations/instances_val.json val/

Class k of the model is the annotations' k-th category in the order of ids. Nothing of jdnas takes part. scripts/peers makes
.peers.
"""
import argparse
import json
import pathlib
import sys

import numpy
import onnxruntime
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def detections(session, image_id, file, categories):
    pixels = numpy.asarray(Image.open(file).convert("RGB")).transpose(2, 0, 1)[None]
    boxes, scores, labels = session.run(None, {"image": numpy.ascontiguousarray(pixels)})
    for (x1, y1, x2, y2), score, label in zip(boxes.tolist(), scores.tolist(), labels.tolist()):
        yield {"image_id": image_id, "category_id": categories[label - 1], "bbox": [x1, y1, x2 - x1, y2 - y1],
               "score": score}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("annotations", type=pathlib.Path)
    parser.add_argument("images", type=pathlib.Path)
    arguments = parser.parse_args()
    session = onnxruntime.InferenceSession(arguments.model, providers=["CPUExecutionProvider"])
    truth = COCO(str(arguments.annotations))
    categories = sorted(truth.getCatIds())
    found = [
        detection for image in truth.dataset["images"]
        for detection in detections(session, image["id"], arguments.images / image["file_name"], categories)
    ]
    if not found:
        sys.exit("error: the detector finds nothing in these images: check that they are what it was trained for")
    evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    names = ["ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large"]
    print(json.dumps({name: float(value) for name, value in zip(names, evaluation.stats)} | {"found": len(found)}))


if __name__ == "__main__":
    main()
