#!/usr/bin/env python3
"""Score a running server on worse copies of the real stretches: what a scan of another resolution, a fax of it, a
worn or a slanted copy of the same paper would give.

    copies.py URL POINTS_DIR SCANS_DIR [--kind KIND]... [--only SUBSTRING] [--curves] [--json OUT]

POINTS_DIR, SCANS_DIR as in score_points.py. Each stretch is cut out of its scan with MARGIN around it, in gray, made
into a copy, and its points go along; the same copies every time. Needs numpy, Pillow and OpenCV.
"""
import argparse
import json
import os
import sys
import tempfile

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import score_points  # noqa: E402

MARGIN = 80
USUAL_DPI = 200.0  # of scans that do not say
LEAST_DPI = 50.0   # less is no resolution of a scan

Image.MAX_IMAGE_PIXELS = None


def at_dpi(wanted):
    def matrix(height, width, dpi):
        x, y = (round(n * wanted / dpi) / n for n in (width, height))
        return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2]])
    return matrix


def leaning(columns):
    """The copy drifts to the side by so many columns from top to bottom."""
    def matrix(height, width, dpi):
        return np.array([[1, columns / height, max(0, -columns)], [0, 1, 0]], float)
    return matrix


def mirrored(height, width, dpi):
    return np.array([[-1, 0, width - 1], [0, 1, 0]], float)


def jpeg(gray, rng):
    return cv2.imdecode(cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 20])[1], cv2.IMREAD_GRAYSCALE)


def pale(gray, rng):
    return np.clip(150 + (gray - 128.0) * 0.25 + rng.normal(0, 8, gray.shape), 0, 255).astype(np.uint8)


def shaded(gray, rng):
    light = np.linspace(1, 0.65, gray.shape[1]) * (1 - 0.1 * np.sin(np.arange(gray.shape[0]) / 150))[:, None]
    return np.clip(gray * light, 0, 255).astype(np.uint8)


def thresholded(gray, rng):
    return cv2.threshold(cv2.GaussianBlur(gray, (0, 0), 1.0), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]


def bold(gray, rng):
    return cv2.erode(gray, np.ones((2, 2), np.uint8))


def speckled(gray, rng):
    chance = rng.random(gray.shape)
    return np.where(chance < 0.01, 0, np.where(chance > 0.99, 255, gray)).astype(np.uint8)


def voids(size):
    """Ink that is missing in spots about `size` pixels wide, on 1/15 of the paper."""
    def wear(gray, rng):
        spots = cv2.GaussianBlur(rng.standard_normal(gray.shape).astype(np.float32), (0, 0), size / 2)
        return np.where(spots > 1.5 * spots.std(), 255, gray).astype(np.uint8)
    return wear


# (how the copy lies, what wore it)
KINDS = {
    "as it is": (None, None), "72 dpi": (at_dpi(72), None), "100 dpi": (at_dpi(100), None),
    "400 dpi": (at_dpi(400), None), "leaning": (leaning(45), None), "mirrored": (mirrored, None),
    "JPEG": (None, jpeg), "pale": (None, pale), "shaded": (None, shaded), "thresholded": (None, thresholded),
    "bold": (None, bold), "speckled": (None, speckled), "voids": (None, voids(2.4)), "spots": (None, voids(5)),
}


def place(matrix, x, y):
    """Where the copy has what is at column x and row y of the original."""
    return matrix @ (x, y, 1)


def transform(gray, matrix):
    """The original as it lies in the copy, nothing of it cut off."""
    height, width = gray.shape
    corners = np.array([place(matrix, x, y) for x in (-0.5, width - 0.5) for y in (-0.5, height - 0.5)])
    columns, rows = np.ceil(corners.max(0) + 0.5 - 1e-6).astype(int)
    if matrix[0, 1] == 0 and matrix[0, 0] > 0:  # to another resolution
        how = cv2.INTER_AREA if columns < width else cv2.INTER_CUBIC
        return cv2.resize(gray, (columns, rows), interpolation=how)
    return cv2.warpAffine(gray, matrix, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def cut_out(stretch, scans):
    """(gray [H,W], its dpi, the (column, row) of the scan at which it begins)"""
    image = Image.open(os.path.join(scans, stretch["file"]))
    dpi = float(image.info.get("dpi", (USUAL_DPI,))[0])
    x = [v for edge in score_points.edges_of(stretch) for v in edge[1:]]
    y0, y1 = stretch["rows"]
    left, top = max(0, int(min(x)) - MARGIN), max(0, y0 - MARGIN)
    box = (left, top, min(image.width, int(max(x)) + 1 + MARGIN), min(image.height, y1 + MARGIN))
    return np.asarray(image.crop(box).convert("L")), dpi if dpi >= LEAST_DPI else USUAL_DPI, (left, top)


def map_stretch(stretch, where, rows):
    """The stretch with its region, borders and points where the copy of so many rows has them; where(x, y)."""
    y0, y1 = stretch["rows"]
    edges = score_points.edges_of(stretch)
    inside = {e[0]: e[1:] for e in edges if y0 <= e[0] < y1}
    for y in (y0, y1 - 1):
        inside[y] = score_points.edge_at(edges, y)
    ends = sorted(where(0, y)[1] for y in (y0, y1))
    mapped = {int(round(where(a, y)[1])): sorted((where(a, y)[0], where(b, y)[0])) for y, (a, b) in inside.items()}
    curves = [dict(c, points=[list(where(x, y)[::-1]) for y, x in c["points"]]) for c in stretch["curves"]]
    return dict(stretch, rows=[max(0, int(round(ends[0]))), min(rows, int(round(ends[1])))], edges=mapped, curves=curves)


def make_copy(stretch, scans, kind, folder):
    """Writes the copy to the folder; returns the stretch on it."""
    lie, wear = KINDS[kind]
    gray, dpi, (left, top) = cut_out(stretch, scans)
    matrix = lie(*gray.shape, dpi) if lie else np.eye(2, 3)
    if lie:
        gray = transform(gray, matrix)
    if wear:
        gray = wear(gray, np.random.default_rng(5))
    dpi = round(dpi * abs(matrix[0, 0]))
    Image.fromarray(gray).save(os.path.join(folder, "copy.tif"), dpi=(dpi, dpi), compression="tiff_lzw")
    mapped = map_stretch(stretch, lambda x, y: place(matrix, x - left, y - top), gray.shape[0])
    return dict(mapped, file="copy.tif")


def score_kind(url, stretches, scans, kind):
    """Hits by style, and the share of hits by curve."""
    by_style, by_curve = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, stretch in stretches.items():
            copy = make_copy(stretch, scans, kind, folder)
            for curve, hit, _ in score_points.score_stretch(url, copy, folder):
                by_style.setdefault(curve["style"], []).extend(hit)
                by_curve[f"{name}/{curve['name']}"] = float(np.mean(hit))
    return by_style, by_curve


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("points")
    parser.add_argument("scans")
    parser.add_argument("--kind", choices=sorted(KINDS), action="append")
    parser.add_argument("--only", default="")
    parser.add_argument("--curves", action="store_true", help="show also the curves of which least are hit")
    parser.add_argument("--json")
    args = parser.parse_args()
    stretches = score_points.read_stretches(args.points, args.only)
    if not stretches:
        return 1
    result = {}
    for kind in args.kind or KINDS:
        by_style, by_curve = score_kind(args.url, stretches, args.scans, kind)
        result[kind] = by_curve
        print(f"{kind:12s} hit {np.mean(sum(by_style.values(), [])):.3f}  " +
              "  ".join(f"{style} {np.mean(hits):.3f}" for style, hits in sorted(by_style.items())), flush=True)
        if args.curves:
            worst = sorted(by_curve.items(), key=lambda item: item[1])[:8]
            print("    " + ", ".join(f"{name} {share:.2f}" for name, share in worst), flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(result, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
