"""Held-out scans with known truth, drawn by the training generator's parts from seeds of their own.

    make_cases.py --out DIR [--seed N] [--n N] [--height N] [--las-dir DIR]

Every random number comes from [SET, seed, case]; training's and nn/train/evaluate.py's seeds begin
with other numbers. Per case NAME.tif, NAME.json (what a user would type) and NAME.truth.npz
(depth [H], value [K,H]; NaN where wear left nothing of the curve to be seen; labels [3,H,W], 1 on the lines
that training would have the network mark). Worn and bad paper drifts
sideways, grid and curves together: the truth is the log's, not the image's. Rows do not move, so depths
are exact.
"""
import argparse
import json
import os
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "nn", "train"))
from synth import curves, grid, style, visible, wear  # noqa: E402
from synth.draw import Canvas, Warp  # noqa: E402

SET = 0x73657276
WIDTH, MARGIN, ROWS_PER_FOOT, DEPTH_TOP, DIVISIONS = 640, 60, 10, 2000.0, 10
SOLID, DASHED, LONG, DOTTED, HAIRLINE = "solid", "dashed", "long", "dotted", "hairline"
KINDS = {"solid": (SOLID,), "dashed_alone": (DASHED,), "pair_dashed": (SOLID, DASHED), "pair_long": (SOLID, LONG),
         "pair_dotted": (SOLID, DOTTED), "two_solid": (SOLID, SOLID), "three": (SOLID, DASHED, DOTTED),
         "one_well": (SOLID, DASHED),  # two curves of one well across the whole track, often on one another
         "gauge": (SOLID, SOLID),  # bit size, a ruled line off the grid, and a caliper that leaves it at washouts
         "brittle": (HAIRLINE, DASHED)}  # one_well, thresholded so high that a line a pixel wide breaks where it slants
STYLES = {SOLID: (style.SOLID, ()), DASHED: (style.DASHED, (14.0, 8.0)), LONG: (style.DASHED, (30.0, 10.0)),
          DOTTED: (style.DOTTED, (1.0, 7.0)), HAIRLINE: (style.SOLID, ())}
CLASSES = (SOLID, DASHED, DOTTED)  # by the generator's number
WIDTHS = {HAIRLINE: 1.0}  # px
WEAR = {"clean": 0.0, "worn": 0.5, "bad": 1.0}  # the generator's `hard`
DRIFT = {"clean": 0.0, "worn": 3.0, "bad": 6.0}  # px
PLACES = {1: ((0.05, 0.9),), 2: ((0.35, 0.95), (0.05, 0.5)), 3: ((0.5, 0.95), (0.25, 0.6), (0.03, 0.35))}


def fractions(rng, height, las_dir, low, high):
    """A curve in fractions of the track, [height], between low and high."""
    values = np.asarray(curves.sample_rows(rng, height, las_dir, 1.0), float)
    values = np.interp(np.linspace(0, 1, height), np.linspace(0, 1, len(values)), values)
    span = np.ptp(values)
    return low + (high - low) * ((values - values.min()) / span if span > 0 else 0.5 + 0 * values)


def well_fractions(rng, height, las_dir):
    """Two curves of one real well in fractions of the track; without a folder, two that go much alike."""
    if las_dir:
        both = curves.sample_rows(rng, height, las_dir, 1.0, 2)
        both = both[:, np.linspace(0, both.shape[1] - 1, height).astype(int)]
    else:
        first = fractions(rng, height, las_dir, 0.0, 1.0)
        both = np.stack([first, curves.companion(rng, first)])
    low, high = np.quantile(both, (0.01, 0.99))
    x = (both - low) / max(high - low, 1e-6)
    return list(0.5 + 0.47 * np.tanh(2.2 * (x - 0.5)))


def lanes_of(rng, kind, height, las_dir):
    """The curves of a case in fractions of the track, [height] each."""
    if kind in ("one_well", "brittle"):
        return well_fractions(rng, height, las_dir)
    if kind == "gauge":
        size = curves.ruled(rng, height, DIVISIONS)
        lanes = [size, np.clip(curves.in_gauge(rng, size, fractions(rng, height, las_dir, 0, 1)), 0.02, 0.98)]
    else:
        lanes = [fractions(rng, height, las_dir, *place) for place in PLACES[len(KINDS[kind])]]
    if KINDS[kind] == (SOLID, SOLID):  # curves of one style come back from left to right (postproc/trace.h)
        lanes.sort(key=np.mean)
    return lanes


def worn(rng, ink, hard, brittle):
    if hard == 0:
        return np.where(ink > (200 if brittle else 110), 255, 0).astype(np.uint8)
    ink = wear.age(rng, ink.copy(), hard)
    if not brittle:
        ink = wear.point_spread(rng, ink, 0.3, 0.8)
    return wear.speckle(rng, wear.binarise(rng, ink, hard, 230.0, hard < 1, brittle), hard)


def scan_of(rng, canvas, hard, brittle):
    """The worn scan [H,W] uint8, and where curves have left ink on it: bool [H,W]."""
    state = rng.bit_generator.state
    ink = worn(rng, canvas.merged(), hard, brittle)
    rng.bit_generator.state = state  # the same wear again
    return ink, visible.inked(ink, worn(rng, canvas.merged(leave_out=("curves",)), hard, brittle))


def seen_rows(parts, height):
    """The rows of a curve's parts [n,2] that can be seen: bool [H]."""
    seen = np.zeros(height, bool)
    for part in parts:
        seen[int(np.ceil(part[0, 1])):int(part[-1, 1]) + 1] = True
    return seen


def make_case(seed, number, kind, wearing, log, height, las_dir=None):
    """Returns (ink uint8 [H,W], sidecar dict, depth [H], value [K,H], labels uint8 [3,H,W])."""
    rng = np.random.default_rng([SET, seed, number])
    warp = Warp(height, WIDTH)
    if DRIFT[wearing]:
        warp.add_drift(rng, DRIFT[wearing], 600)
    canvas = Canvas(height, WIDTH, 1.0, warp)
    x0, x1 = MARGIN, WIDTH - MARGIN  # x1 exclusive
    track = grid.Track(x0, x1 - 1, 0, height - 1, "log" if log else "linear", DIVISIONS, 1, 2, 1.0)
    lines = grid.GridStyle(1.0, 1.4, 3.0, 220, 240, 0.0, False, 2 * ROWS_PER_FOOT, 5, 10)
    grid.draw_track(rng, canvas, track, lines, -0.5)
    left, right = (0.1, 10.0) if log else (0.0, 150.0)
    sidecar = {"depth_top": DEPTH_TOP, "depth_bottom": DEPTH_TOP + height / ROWS_PER_FOOT, "depth_unit": "ft",
               "track": [x0, 0, x1, height], "curves": []}
    value = []
    for k, (name, f) in enumerate(zip(KINDS[kind], lanes_of(rng, kind, height, las_dir))):
        cls, pattern = STYLES[name]
        points = warp(np.column_stack([x0 + f * (x1 - 1 - x0), np.arange(height)]))
        style.ink_curve(rng, canvas, "curves", [points], style.Style(cls, WIDTHS.get(name, 2.4), 255, pattern))
        value.append(left * (right / left) ** f if log else left + f * (right - left))
        sidecar["curves"].append({"mnemonic": f"C{k + 1}", "unit": "NONE", "left": left, "right": right,
                                  "scale": "log" if log else "lin", "style": CLASSES[cls]})
    depth = DEPTH_TOP + (np.arange(height) + 0.5) / ROWS_PER_FOOT
    ink, shown = scan_of(rng, canvas, WEAR[wearing], kind == "brittle")
    visible.relabel(canvas, shown)  # which leaves of each curve's path what can be seen
    value = [np.where(seen_rows(parts, height), v, np.nan) for v, (_, parts) in zip(value, canvas.paths)]
    return ink, sidecar, depth, np.array(value), canvas.labels


def write_cases(out, seed, n, height, las_dir=None):
    os.makedirs(out, exist_ok=True)
    number = 0
    for _ in range(n):
        for kind in KINDS:
            for wearing in WEAR:
                ink, sidecar, depth, value, labels = make_case(seed, number, kind, wearing, number % 2 == 1, height,
                                                               las_dir)
                base = os.path.join(out, f"{number:03d}_{kind}_{wearing}")
                Image.fromarray(255 - ink).convert("1", dither=Image.NONE).save(
                    base + ".tif", compression="group4", dpi=(200, 200))
                with open(base + ".json", "w") as file:
                    json.dump(sidecar, file, indent=1)
                np.savez_compressed(base + ".truth.npz", depth=depth, value=value, labels=labels)
                number += 1
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n", type=int, default=1, help="cases of each kind and wear")
    parser.add_argument("--height", type=int, default=1600)
    parser.add_argument("--las-dir")
    args = parser.parse_args()
    print(write_cases(args.out, args.seed, args.n, args.height, args.las_dir or None), "cases in", args.out)


if __name__ == "__main__":
    main()
