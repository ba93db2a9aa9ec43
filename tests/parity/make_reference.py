"""Reference logits for the parity test of the C engine, made with PyTorch from a checkpoint.

For each size HxW: HxW.ink.u8 (raw [H,W], 0 paper to 255 ink) and HxW.logits.f32 (raw
little-endian [K,H,W]). With --random the checkpoint is made first, with random weights.
"""
import argparse
import os
import subprocess
import sys

import numpy as np
import torch

TRAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "nn", "train")
sys.path.insert(0, TRAIN)
import checkpoint  # noqa: E402
from curvenet import forward_folded  # noqa: E402


def test_image(height, width):
    """A deterministic picture of a log: grid, curves and noise. uint8 [H,W]."""
    rng = np.random.default_rng([height, width])
    ink = rng.integers(0, 40, (height, width))
    ink[::25] += 90
    ink[:, ::20] += 90
    rows = np.arange(height)
    for _ in range(3):
        walk = np.cumsum(rng.normal(0, 1.5, height)) + rng.uniform(0, width)
        for offset in (0, 1):
            ink[rows, (walk.astype(int) + offset) % width] = 255
    return np.clip(ink, 0, 255).astype(np.uint8)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--sizes", default="32x32,97x61,512x320", help="HxW,HxW,…")
    p.add_argument("--out", required=True, help="folder")
    p.add_argument("--random", action="store_true",
                   help="make the checkpoint first; further arguments go to export.py")
    args, rest = p.parse_known_args()
    if args.random:
        subprocess.run([sys.executable, os.path.join(TRAIN, "export.py"), "--random",
                        "--out", args.checkpoint, *rest], check=True)
    elif rest:
        p.error("unknown: " + " ".join(rest))
    tensors, config, _ = checkpoint.load(args.checkpoint)
    os.makedirs(args.out, exist_ok=True)
    for size in args.sizes.split(","):
        height, width = map(int, size.split("x"))
        ink = test_image(height, width)
        x = torch.from_numpy(ink).float().div(255)[None, None]
        with torch.no_grad():
            logits = forward_folded(tensors, config, x)[0].contiguous().numpy()
        ink.tofile(os.path.join(args.out, size + ".ink.u8"))
        logits.astype("<f4").tofile(os.path.join(args.out, size + ".logits.f32"))


if __name__ == "__main__":
    main()
