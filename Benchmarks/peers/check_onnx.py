"""Compares ONNX Runtime's detections with those that `jdnas-bench onnx-cases` wrote: scripts/check-onnx runs it.

Every box of either side is matched with one of the other of the same label whose scores and coordinates differ by at most
the tolerance. A box without a match counts as a margin case where rounding can explain it: its score is within the
tolerance of the threshold, or of the last score where as many boxes were found as are kept. Any other one is a failure.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import numpy
import onnx
import onnxruntime

TOLERANCE = 1e-3


def export(jdnas, folder, size=None):
    file = folder / ("model.onnx" if size is None else f"model-{size}.onnx")
    command = [jdnas, "export", "--detector", folder, "--onnx", file]
    subprocess.run(command + (["--size", size] if size else []), check=True, stdout=subprocess.DEVNULL)
    onnx.checker.check_model(str(file), full_check=True)
    return file


def session(file):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def match(ours, theirs):
    """Pairs of indices, and what is left on either side. Each of ours takes the nearest free box that fits."""
    free, pairs, left = set(range(len(theirs[1]))), [], []
    for i, (box, score, label) in enumerate(zip(*ours)):
        def distance(j):
            return max(numpy.abs(theirs[0][j] - box).max(), abs(theirs[1][j] - score))
        fits = [j for j in free if theirs[2][j] == label and distance(j) <= TOLERANCE]
        if fits:
            best = min(fits, key=distance)
            free.remove(best)
            pairs.append((i, best))
        else:
            left.append(i)
    return pairs, left, sorted(free)


def is_margin(found, index, selection):
    score = found[1][index]
    near_threshold = abs(score - selection["scoreThreshold"]) <= TOLERANCE
    is_full = len(found[1]) >= selection["detectionsPerImage"]
    return near_threshold or is_full and abs(score - found[1][-1]) <= TOLERANCE


def compare(case, image, answers, selection, note):
    ours = (numpy.array(case["boxes"], numpy.float64).reshape(-1, 4), numpy.array(case["scores"]), case["labels"])
    theirs = tuple(answers)
    pairs, left, other = match(ours, theirs)
    margin = sum(is_margin(ours, i, selection) for i in left) + sum(is_margin(theirs, j, selection) for j in other)
    wrong = len(left) + len(other) - margin
    score = max((abs(ours[1][i] - theirs[1][j]) for i, j in pairs), default=0)
    box = max((numpy.abs(ours[0][i] - theirs[0][j]).max() for i, j in pairs), default=0)
    print(f"{note:<32} {image:>9} {len(ours[1]):>6} {len(theirs[1]):>6} {len(pairs):>8} {score:>9.1e} {box:>9.1e} "
          f"{margin:>7} {wrong:>6}", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("jdnas")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="", help="cases whose names contain this")
    arguments = parser.parse_args()
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    print(f"{'detector':<32} {'image':>9} {'ours':>6} {'theirs':>6} {'matched':>8} {'score ±':>9} {'box ±':>9} "
          f"{'margin':>7} {'wrong':>6}")
    wrong, matched = 0, 0
    for folder in sorted(path for path in arguments.folder.iterdir() if arguments.only in path.name):
        selection = json.loads((folder / "architecture.json").read_text())["selection"]
        cases = json.loads((folder / "detections.json").read_text())
        dynamic = session(export(arguments.jdnas, folder))
        for number, case in enumerate(cases):
            size = f"{case['height']}x{case['width']}"
            pixels = numpy.fromfile(folder / case["file"], numpy.uint8).reshape(case["height"], case["width"], 3)
            feed = {"image": numpy.ascontiguousarray(pixels.transpose(2, 0, 1)[None])}
            wrong += compare(case, size, dynamic.run(None, feed), selection, folder.name)
            if number == 0:
                fixed = session(export(arguments.jdnas, folder, size))
                wrong += compare(case, size, fixed.run(None, feed), selection, f"{folder.name} (this size)")
            matched += len(case["boxes"])
    if not matched:
        sys.exit(f"error: nothing was compared; no case is called '{arguments.only}'")
    sys.exit(f"error: {wrong} boxes differ" if wrong else 0)


if __name__ == "__main__":
    main()
