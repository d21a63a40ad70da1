"""The ONNX Runtime side of a benchmark: torchvision's backbone and pyramid, exported and run with the same weights."""
import io
import json
import resource
import sys
import time


def main():
    request = json.loads(sys.stdin.readline())
    import onnxruntime
    import torch
    import torch_peer

    benchmark = request["benchmark"]
    model, images, _ = torch_peer.detector(benchmark, request["folder"])
    model.eval()
    batch = model.transform(images)[0].tensors
    file = io.BytesIO()
    torch.onnx.export(model.backbone, (batch,), file, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = request["threads"]
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: batch.numpy()}
    torch_peer.answer(version=f"onnxruntime {onnxruntime.__version__}")
    for _ in sys.stdin:
        start = time.perf_counter()
        session.run(None, feed)
        seconds = time.perf_counter() - start
        torch_peer.answer(seconds=seconds, peakBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main()
