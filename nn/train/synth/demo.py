"""The page's sample: a scanned log of a made-up well, with a heading, two tracks and a depth column.

python3 -m synth.demo --out DIR [--seed 3] [--feet 300]
writes sample.tif (1 bit, CCITT G4, 200 dpi) and sample.json (its calibration, as POST /digitize takes it).
Gamma ray and caliper on the left, density and neutron on the right, through beds of shale, sand, limestone
and a gas sand in which the two cross.
"""
import argparse
import json
import os

import cv2
import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from . import grid, style
from .draw import Canvas, Warp, smooth_noise

ROWS_PER_FOOT = 10   # 5 inches to 100 ft at 200 dpi
DEPTH_TOP = 6200
WIDTH, HEAD, FOOT = 1280, 560, 60
LEFT, RIGHT = (60, 560), (720, 1220)   # the tracks' border columns
CURVES = (  # mnemonic, unit, left, right, style, track
    ("GR", "GAPI", 0, 150, style.SOLID, LEFT),
    ("CALI", "IN", 6, 16, style.DASHED, LEFT),
    ("RHOB", "G/C3", 2.0, 3.0, style.SOLID, RIGHT),
    ("NPHI", "PU", 45, -15, style.DASHED, RIGHT),
)
STYLES = ("solid", "dashed", "dotted")
ROCKS = {  # GR, caliper, density, neutron; thickness in ft; how much each wiggles
    "shale": ((98, 10.6, 2.52, 27), (6, 22), (9, 0.5, 0.03, 2.2)),
    "sand": ((38, 8.3, 2.36, 17), (8, 24), (6, 0.1, 0.025, 1.6)),
    "gas": ((32, 8.2, 2.22, 8), (10, 18), (5, 0.1, 0.02, 1.2)),
    "lime": ((22, 8.6, 2.66, 3), (5, 16), (4, 0.12, 0.02, 1.0)),
    "silt": ((68, 8.9, 2.48, 20), (3, 8), (8, 0.2, 0.03, 1.8)),
}
ORDER = ("shale", "silt", "sand", "shale", "lime", "shale", "gas", "sand", "silt", "shale", "lime", "silt", "shale", "sand")


def beds(rng, feet, per_foot=4):
    """Values [samples, 4] down the well, as tools of about 2 ft see them."""
    n = feet * per_foot + 8
    levels, wiggle = np.empty((n, 4)), np.empty((n, 4))
    at = k = 0
    while at < n:
        level, (least, most), scatter = ROCKS[ORDER[k % len(ORDER)]]
        end = at + int(rng.uniform(least, most) * per_foot)
        levels[at:end] = np.array(level) + np.array(scatter) * rng.standard_normal(4)
        wiggle[at:end] = scatter
        at, k = end, k + 1
    out = gaussian_filter1d(levels, 0.5 * per_foot, axis=0)
    wiggle = gaussian_filter1d(wiggle, per_foot, axis=0)
    for c in range(4):
        out[:, c] += wiggle[:, c] * (smooth_noise(rng, n, 3 * per_foot) + 0.4 * smooth_noise(rng, n, 4))
    return out


def write(canvas, x, y, text, size, weight=1.0, font=0):
    canvas.text("marks", (x, y), text, size, 255, font, weight)


def draw_heading(canvas):
    write(canvas, WIDTH / 2, 60, "COMPENSATED NEUTRON - LITHO DENSITY", 24, 2.2, 1)
    write(canvas, WIDTH / 2, 105, "GAMMA RAY - CALIPER", 16, 1.4, 1)
    box = (120, 145, WIDTH - 120, 350)
    for y in (145, 196, 247, 298, 350):
        canvas.segments("rows", [(box[0], y, box[2], y)], 2, 255)
    for x in (box[0], 330, box[2]):
        canvas.segments("columns", [(x, box[1], x, box[3])], 2, 255)
    for k, (name, value) in enumerate((("COMPANY", "EXAMPLE OIL COMPANY"), ("WELL", "DEMONSTRATION No. 1"),
                                       ("FIELD", "SYNTHETIC"), ("SCALE", "5 INCHES PER 100 FEET"))):
        write(canvas, 225, 171 + 51 * k, name, 13, 1.3)
        write(canvas, 680, 171 + 51 * k, value, 15, 1.3)
    write(canvas, 640, HEAD - 40, "FEET", 12, 1.2)


def draw_scales(rng, canvas):
    """The heading of each track: one line a curve with its name, unit and end values."""
    for track in (LEFT, RIGHT):
        for k, (name, unit, left, right, cls, _) in enumerate(c for c in CURVES if c[5] is track):
            y = HEAD - 110 + 62 * k
            ends = np.array([[track[0], y], [track[1], y]], float)
            style.ink_curve(rng, canvas, "marks", [canvas.warp(ends)], style.Style(cls, 2.4, 255, pattern(cls)))
            middle = sum(track) / 2
            write(canvas, middle, y - 22, f"{name} ({unit})", 13, 1.3)
            write(canvas, track[0] + 28, y - 22, f"{left:g}" if name != "RHOB" else f"{left:.1f}", 13, 1.3)
            write(canvas, track[1] - 28, y - 22, f"{right:g}" if name != "RHOB" else f"{right:.1f}", 13, 1.3)


def pattern(cls):
    return (16.0, 9.0) if cls == style.DASHED else ()


def draw_tracks(rng, canvas, top, bottom):
    look = grid.GridStyle(1.3, 1.7, 2.6, 255, 255, 0.0, False, 2 * ROWS_PER_FOOT, 5, 5)
    for x0, x1 in (LEFT, RIGHT):
        grid.draw_track(rng, canvas, grid.Track(x0, x1, top, bottom, "linear", 10, 1), look, top)
    for k in range(int((bottom - top) / (50 * ROWS_PER_FOOT)) + 1):
        y = top + k * 50 * ROWS_PER_FOOT
        write(canvas, (LEFT[1] + RIGHT[0]) / 2, y, str(DEPTH_TOP + 50 * k), 22, 2.0)


def draw_curves(rng, canvas, top, bottom, feet):
    values = beds(rng, feet)
    rows = np.arange(0, bottom - top + 1, 0.5)
    for c, (_, _, left, right, cls, track) in enumerate(CURVES):
        samples = np.interp(rows / ROWS_PER_FOOT, np.arange(len(values)) / 4, values[:, c])
        fractions = np.clip((samples - left) / (right - left), 0.01, 0.99)
        fractions = gaussian_filter1d(fractions, 4)
        points = np.column_stack([track[0] + fractions * (track[1] - track[0]), top + rows])
        how = style.Style(cls, 2.4 if cls == style.SOLID else 2.2, 255, pattern(cls), 0.05, pen=0.12)
        style.ink_curve(rng, canvas, "curves", [canvas.warp(points)], how)


def bent_row(canvas, y):
    """The pixel row at which the page's row y is printed, between the tracks."""
    return float(canvas.warp(np.array([[WIDTH / 2, y]], float))[0, 1])


def make_demo(seed, feet):
    """Returns (ink bool [H,W], layout dict)."""
    rng = np.random.default_rng(seed)
    height = HEAD + feet * ROWS_PER_FOOT + FOOT
    top, bottom = HEAD, HEAD + feet * ROWS_PER_FOOT
    warp = Warp(height, WIDTH)
    warp.add_skew(0.0012)
    warp.add_drift(rng, 1.2, 700)
    canvas = Canvas(height, WIDTH, 2.0, warp)
    draw_heading(canvas)
    draw_scales(rng, canvas)
    draw_tracks(rng, canvas, top, bottom)
    draw_curves(rng, canvas, top, bottom, feet)
    ink = cv2.resize(canvas.merged(), (WIDTH, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    ink = cv2.GaussianBlur(ink, (0, 0), 0.7) + 12 * rng.standard_normal(ink.shape, np.float32)
    tracks = []
    for x0, x1 in (LEFT, RIGHT):
        x = [round(float(canvas.warp(np.array([[b, (top + bottom) / 2]], float))[0, 0])) for b in (x0, x1)]
        tracks.append({"x": x, "curves": [
            {"mnemonic": name, "unit": unit, "left": left, "right": right, "scale": "lin", "style": STYLES[cls]}
            for name, unit, left, right, cls, track in CURVES if track[0] == x0]})
    ends = {f"{bent_row(canvas, y):.1f}": depth for y, depth in ((top, DEPTH_TOP), (bottom, DEPTH_TOP + feet))}
    layout = {"depth_unit": "ft", "rows": [round(bent_row(canvas, top)), round(bent_row(canvas, bottom)) + 1],
              "depth_lines": ends, "tracks": tracks}
    return ink > 84, layout


def main():
    parser = argparse.ArgumentParser(prog="synth.demo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--feet", type=int, default=300)
    args = parser.parse_args()
    ink, layout = make_demo(args.seed, args.feet)
    os.makedirs(args.out, exist_ok=True)
    Image.fromarray(np.where(ink, 0, 255).astype(np.uint8)).convert("1").save(
        os.path.join(args.out, "sample.tif"), compression="group4", dpi=(200, 200))
    with open(os.path.join(args.out, "sample.json"), "w") as file:
        json.dump(layout, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
