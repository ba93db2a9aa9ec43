"""Contact sheets to look at: python3 -m synth --out DIR --n 12 --seed 1 [--las DIR]."""
import argparse
import os
import time

import cv2
import numpy as np

from . import make_page

TINTS = ((0, 0, 255), (0, 160, 0), (255, 0, 0))  # BGR: solid red, dashed green, dotted blue


def tinted(ink, labels):
    """Paper white, ink black, labels in colour: uint8 [H,W,3]."""
    out = np.repeat(255 - ink[:, :, None], 3, axis=2)
    for cls, tint in enumerate(TINTS):
        on = labels[cls] > 0
        out[on] = (out[on].astype(np.uint16) + np.array(tint, np.uint16)) // 2
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--n", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--las")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    for k in range(args.n):
        start = time.process_time()
        ink, labels = make_page(np.random.default_rng([args.seed, k]), args.las)
        spent = time.process_time() - start
        pair = np.concatenate([np.repeat(255 - ink[:, :, None], 3, axis=2), tinted(ink, labels)], axis=1)
        path = os.path.join(args.out, f"page_{args.seed}_{k:03d}.png")
        cv2.imwrite(path, pair)
        print(f"{path}: {ink.shape[0]}x{ink.shape[1]}, {spent * 1000:.0f} ms")


if __name__ == "__main__":
    main()
