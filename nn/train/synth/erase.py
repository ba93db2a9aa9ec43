"""Curves taken out of a scan again, as the server does with those that it has traced before it looks for the others."""
import cv2
import numpy as np

from .draw import SHIFT, smooth_noise
from .visible import densified, runs

SHARE = 0.4  # of a page's paths


def gone_and_left(rng, piece):
    """The stretches of a path [n,2] that are taken out, and those where it was not traced."""
    piece = densified(piece)
    n = len(piece)
    left = smooth_noise(rng, n, rng.uniform(10, 80)) > rng.uniform(1.2, 4)
    return ([piece[a:b] for a, b in zip(*runs(where))] for where in (~left, left))


def as_traced(rng, path):
    """The path [n,2] as a tracer finds it: off by a fraction of a pixel."""
    if len(path) < 2:
        return path
    return path + np.column_stack([rng.uniform(0, 0.7) * smooth_noise(rng, len(path), 4), np.zeros(len(path))])


def erase_some(rng, canvas, scans):
    """Takes some of the canvas's paths, but not all, out of it and of `scans`, arrays [H,W] that show it."""
    count = len(canvas.paths)
    if count < 2:
        return
    chosen = np.arange(count) < np.clip(rng.binomial(count, SHARE), 1, count - 1)
    rng.shuffle(chosen)
    paths, canvas.paths = canvas.paths, []
    for gone, (cls, pieces, width) in zip(chosen, paths):
        if not gone:
            canvas.paths.append((cls, pieces, width))
            continue
        thickness = max(1, int(round(width + rng.uniform(0.5, 3))))
        for piece in pieces:
            erased, left = gone_and_left(rng, piece)
            canvas.paths += [(cls, [part], width) for part in left if len(part) > 1]
            strokes = [np.rint(as_traced(rng, part) * (1 << SHIFT)).astype(np.int32) for part in erased if len(part) > 1]
            for scan in scans:
                cv2.polylines(scan, strokes, False, 0, thickness, cv2.LINE_8, SHIFT)
