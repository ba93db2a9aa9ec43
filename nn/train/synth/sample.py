"""A clean demo scan of a made-up well with its calibration and its truth.

python3 -m synth.sample --out DIR --seed N [--height 3200] [--width 640] [--kind pair|solid|dotted|two_solid]
                        [--name sample]
writes NAME.tif (1 bit, CCITT G4, 200 dpi), NAME.json (the calibration) and NAME.csv (the true value at the
centre of every pixel row).
"""
import argparse
import json
import os

import cv2
import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from . import curves, grid, marks, style
from .draw import Canvas, Warp

KINDS = {
    "solid": (("GR", "GAPI", 0.0, 150.0, style.SOLID),),
    "pair": (("GR", "GAPI", 0.0, 150.0, style.SOLID), ("CALI", "IN", 6.0, 16.0, style.DASHED)),
    "dotted": (("DT", "US/F", 140.0, 40.0, style.SOLID), ("SPHI", "PU", 45.0, -15.0, style.DOTTED)),
    "two_solid": (("GR", "GAPI", 0.0, 150.0, style.SOLID), ("SP", "MV", -80.0, 20.0, style.SOLID)),
}
STYLES = ("solid", "dashed", "dotted")
PATTERNS = ((), (14.0, 8.0), (1.0, 7.0))
ROWS_PER_FOOT = 10
DEPTH_TOP = 2000.0
MARGIN = 60  # paper left of the track, px


def truth(rng, rows, at, ranges):
    """Track fractions per row, [rows]: a curve that stays within `ranges` of the track, centred on `at`."""
    n = rows // 5 + 4
    values = curves.counting(rng, n) if ranges > 0.3 else curves.octaves(rng, n)
    values = gaussian_filter1d(values, 0.8)
    values = np.interp(np.arange(rows) / 5, np.arange(n), values)
    values = gaussian_filter1d(values - values.mean(), 2.0)
    return np.clip(at + ranges / 2 * values / np.abs(values).max(), 0.02, 0.98)


def make_sample(seed, height, width, kind):
    """Returns (ink bool [H,W], sidecar dict, truth table [H,1+curves])."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(height, width, 2.0, Warp(height, width))
    x0, x1 = MARGIN, width - MARGIN  # the track; x1 exclusive
    track = grid.Track(x0, x1 - 1, 0, height - 1, "linear", 10, 1)
    lines = grid.GridStyle(1.0, 1.0, 3.0, 255, 255, 0.0, False, 2 * ROWS_PER_FOOT, 5, 10)
    phase = -0.5  # the depth line of DEPTH_TOP is on the upper edge of row 0
    grid.draw_track(rng, canvas, track, lines, phase)
    table = [DEPTH_TOP + (np.arange(height) + 0.5) / ROWS_PER_FOOT]
    sidecar = {"depth_top": DEPTH_TOP, "depth_bottom": DEPTH_TOP + height / ROWS_PER_FOOT, "depth_unit": "ft",
               "track": [x0, 0, x1, height], "curves": []}
    places = ((0.55, 0.8), (0.25, 0.35)) if kind != "two_solid" else ((0.62, 0.6), (0.38, 0.5))
    for (name, unit, left, right, cls), (at, ranges) in zip(KINDS[kind], places):
        fractions = truth(rng, height, at, ranges)
        points = np.column_stack([x0 + fractions * (x1 - 1 - x0), np.arange(height)])
        style.ink_curve(rng, canvas, "curves", [points], style.Style(cls, 2.4, 255, PATTERNS[cls]))
        table.append(left + fractions * (right - left))
        sidecar["curves"].append({"mnemonic": name, "unit": unit, "left": left, "right": right, "scale": "lin",
                                  "style": STYLES[cls]})
    for k in range(int(height / ROWS_PER_FOOT / 50) + 1):
        y = phase + k * 50 * ROWS_PER_FOOT
        canvas.text("marks", (MARGIN / 2 - 2, max(12, y)), str(int(DEPTH_TOP + 50 * k)), 11, 255, 0, 1.0)
    ink = cv2.resize(canvas.merged(), (width, height), interpolation=cv2.INTER_AREA) > 110
    return ink, sidecar, np.column_stack(table)


def write_sample(out, name, seed, height, width, kind):
    ink, sidecar, table = make_sample(seed, height, width, kind)
    os.makedirs(out, exist_ok=True)
    base = os.path.join(out, name)
    Image.fromarray(np.where(ink, 0, 255).astype(np.uint8)).convert("1").save(
        base + ".tif", compression="group4", dpi=(200, 200))
    with open(base + ".json", "w") as file:
        json.dump(sidecar, file, indent=2)
        file.write("\n")
    names = ["DEPT"] + [c["mnemonic"] for c in sidecar["curves"]]
    np.savetxt(base + ".csv", table, fmt="%.4f", delimiter=",", header=",".join(names), comments="")
    return base


def main():
    parser = argparse.ArgumentParser(prog="synth.sample", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--height", type=int, default=3200)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--kind", choices=sorted(KINDS), default="pair")
    parser.add_argument("--name", default="sample")
    args = parser.parse_args()
    if args.width < 4 * MARGIN or args.height < 100:
        parser.error("the scan must be at least 240 wide and 100 high")
    print(write_sample(args.out, args.name, args.seed, args.height, args.width, args.kind))


if __name__ == "__main__":
    main()
