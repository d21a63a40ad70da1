"""The ONNX Runtime side of a benchmark: torchvision's backbone and pyramid, exported and run with the same weights.

The export is a process of its own, so that what is measured holds ONNX Runtime alone.
"""
import json
import subprocess
import sys


def export(request):
    import numpy
    import torch
    import torch_peer

    folder = request["folder"]
    model, images, _ = torch_peer.detector(request["benchmark"], folder)
    model.eval()
    batch = model.transform(images)[0].tensors
    torch.onnx.export(model.backbone, (batch,), folder + "/features.onnx", dynamo=False)
    numpy.save(folder + "/features.npy", batch.numpy())


def main():
    line = sys.stdin.readline()
    request = json.loads(line)
    if sys.argv[1:] == ["export"]:
        export(request)
        return
    subprocess.run([sys.executable, __file__, "export"], input=line, text=True, check=True, stdout=sys.stderr)
    import numpy
    import onnxruntime
    from worker import serve

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = request["threads"]
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        request["folder"] + "/features.onnx", options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: numpy.load(request["folder"] + "/features.npy")}
    serve(lambda: lambda: session.run(None, feed), f"onnxruntime {onnxruntime.__version__}")


if __name__ == "__main__":
    main()
