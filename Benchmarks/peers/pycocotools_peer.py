"""pycocotools' side of the metrics benchmark: evaluate and accumulate, on files that are read before."""
import contextlib
import io
import json
import sys

from worker import serve


def serve_metrics(load, evaluation, version):
    """What the library prints stays unseen."""
    folder = json.loads(sys.stdin.readline())["folder"]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = load(folder + "/ground-truth.json")
        found = truth.loadRes(folder + "/detections.json")

    def prepare():
        evaluator = evaluation(truth, found, "bbox")

        def run():
            with contextlib.redirect_stdout(io.StringIO()):
                evaluator.evaluate()
                evaluator.accumulate()
        return run

    serve(prepare, version)


if __name__ == "__main__":
    from importlib.metadata import version
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    serve_metrics(COCO, COCOeval, "pycocotools " + version("pycocotools"))
