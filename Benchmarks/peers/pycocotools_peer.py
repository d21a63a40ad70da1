"""pycocotools' side of the metrics benchmark: evaluate and accumulate, on files that are read before."""
import contextlib
import io
import json
import resource
import sys
import time


def answer(**reply):
    print(json.dumps(reply), flush=True)


def serve(load, evaluation, version):
    """Answers each line with the time of one evaluation; what the library prints stays unseen."""
    folder = json.loads(sys.stdin.readline())["folder"]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = load(folder + "/ground-truth.json")
        found = truth.loadRes(folder + "/detections.json")
    answer(version=version)
    for _ in sys.stdin:
        with contextlib.redirect_stdout(io.StringIO()):
            run = evaluation(truth, found, "bbox")
            start = time.perf_counter()
            run.evaluate()
            run.accumulate()
            seconds = time.perf_counter() - start
        answer(seconds=seconds, peakBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    from importlib.metadata import version
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    serve(COCO, COCOeval, "pycocotools " + version("pycocotools"))
