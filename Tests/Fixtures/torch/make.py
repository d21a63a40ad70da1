"""Makes this folder's files with torch: what our readers must read.

    pip install torch && python make.py

`weights.pth` is a state_dict as torch.save writes it; `expected.json` holds the same numbers.
"""
import collections
import json
import pathlib

import torch

FOLDER = pathlib.Path(__file__).parent


def main():
    torch.manual_seed(1)
    grid = torch.randn(4, 6)
    tensors = collections.OrderedDict()
    tensors["conv.weight"] = torch.randn(3, 2, 3, 3)
    tensors["norm.weight"] = torch.nn.Parameter(torch.randn(5))
    tensors["norm.num_batches_tracked"] = torch.tensor(7)
    tensors["half"] = torch.randn(2, 3).half()
    tensors["brain"] = torch.randn(3, 2).bfloat16()
    tensors["double"] = torch.randn(4).double()
    tensors["transposed"] = grid.t()
    tensors["sliced"] = grid[1:, ::2]
    tensors["empty"] = torch.zeros(0, 3)
    tensors["scalar"] = torch.tensor(2.5)
    tensors._metadata = {"": {"version": 1}}
    torch.save({"epoch": 3, "model": tensors}, FOLDER / "weights.pth")
    expected = {name: {"shape": list(t.shape), "values": t.detach().float().reshape(-1).tolist()}
                for name, t in tensors.items() if t.is_floating_point()}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
