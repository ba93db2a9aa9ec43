"""Scans for the bench: a worn copy of a made-up log, and noise in which no two places are alike."""
import os
import sys

import cv2
import numpy as np
from PIL import Image

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "nn", "train"))
from synth.sample import make_sample  # noqa: E402

SPREAD, ROUGH, SPECKS = 0.8, 60, 4e-4
CURVES = ("GR:GAPI:0:150:lin:solid", "CALI:IN:6:16:lin:dashed")


def worn(height, width, seed=7):
    """Ink of a bilevel scan, uint8 [height,width] of 0 and 255: one track with a solid and a dashed curve.

    Edges are as rough and specks as many as make the engine take as long as on archive scans of 200 dpi:
    how often it finds pixels alike depends on them.
    """
    ink, _, _ = make_sample(seed, height, width, "pair")
    rng = np.random.default_rng(seed)
    gray = cv2.GaussianBlur(ink.astype(np.uint8) * 255, (0, 0), SPREAD)
    bar = rng.integers(128 - ROUGH, 128 + ROUGH, ink.shape, np.uint8)
    out = np.where(gray > bar, 255, 0).astype(np.uint8)
    specks = rng.random(ink.shape) < SPECKS
    out[specks] = 255 - out[specks]
    return out


def tiled(height, width, period=3200):
    """A page of any height that repeats, so that two heights differ in nothing else."""
    page = worn(period, width)
    return np.tile(page, (-(-height // period), 1))[:height]


def noise(height, width):
    """The hardest case of the engine: a gray scan without blank paper."""
    return np.random.default_rng(1).integers(0, 256, (height, width), np.uint8)


def save_tiff(path, ink):
    picture = Image.fromarray(np.where(ink > 127, 0, 255).astype(np.uint8)).convert("1")
    picture.save(path, compression="group4", dpi=(200, 200))
    return path
