"""Shading between a curve and an edge or another curve: solid, gray, hatched, dotted."""
import cv2
import numpy as np

from .draw import SHIFT


def pattern(rng, shape, scale, value):
    """A fill pattern [H,W] uint8."""
    kind = rng.choice(("gray", "solid", "diagonal", "lines", "upright", "dots", "bricks"),
                      p=(0.32, 0.06, 0.28, 0.1, 0.08, 0.08, 0.08))
    if kind == "solid":
        return np.full(shape, value, np.uint8)
    if kind == "gray":
        return np.full(shape, int(rng.uniform(25, 150)), np.uint8)
    pitch = max(2, int((rng.uniform(4, 14) if rng.random() < 0.8 else rng.uniform(14, 50)) * scale))
    y, x = np.ogrid[:shape[0], :shape[1]]
    thick = max(1, int(rng.uniform(0.8, 2) * scale))
    if kind == "diagonal":
        on = (y + int(rng.choice((-1, 1))) * x) % pitch < thick
    elif kind == "lines":
        on = np.broadcast_to(y % pitch < thick, shape)
    elif kind == "upright":
        on = np.broadcast_to(x % pitch < thick, shape)
    elif kind == "dots":
        on = (y % pitch < thick + 1) & ((x + (y // pitch % 2) * (pitch // 2)) % pitch < thick + 1)
    else:
        on = (y % pitch < thick) | (((x + (y // pitch % 2) * pitch) % (2 * pitch) < thick) & (y >= 0))
    return on.astype(np.uint8) * np.uint8(value)


def shade(rng, canvas, left, right, value):
    """Fills between two warped lines [n,2] of the same rows where left is left of right."""
    stops = np.flatnonzero(np.diff((right[:, 0] > left[:, 0]).astype(np.int8), prepend=0, append=0))
    spans = [(a, b) for a, b in zip(stops[0::2], stops[1::2]) if b - a > 2]
    if not spans:
        return
    mask = np.zeros(canvas.shape, np.uint8)
    shapes = [canvas.fixed(np.concatenate([left[a:b], right[a:b][::-1]])) for a, b in spans]
    cv2.fillPoly(mask, shapes, 255, cv2.LINE_8, SHIFT)
    cv2.bitwise_and(mask, pattern(rng, canvas.shape, canvas.scale[0], value), mask)
    cv2.max(canvas.layer("fills"), mask, canvas.layer("fills"))
