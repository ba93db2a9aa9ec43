#!/usr/bin/env python3
"""Whether two passes of a log on one scan, digitized each by itself, give the same curves.

    score_repeat.py URL CALIBRATION.json SCANS_DIR [--from DEPTH] [--to DEPTH]

CALIBRATION.json names the scan ("file"), its "passes" ("rows" and the pixel rows of printed "depth_lines", twice)
and "tracks" ("x", "curves").  Each pass goes to POST /digitize as a layout with scales of 0 to 1, asking for CSV. Per
curve, over the depths of both passes:
  r             correlation where both passes have a value
  near2, near1  share of these depths at which the two are within 2 % and 1 % of the track's width
  null          share of the depths at which one of the two has none
Needs numpy only.
"""
import argparse
import csv
import io
import json
import os
import sys
import urllib.request

import numpy as np

import score_points

STEP = 0.1


def layout_of(calibration, section):
    tracks = [{**track, "curves": [{**curve, "unit": "NONE", "left": 0, "right": 1} for curve in track["curves"]]}
              for track in calibration["tracks"]]
    return {"depth_unit": calibration["depth_unit"], "rows": section["rows"], "depth_lines": section["depth_lines"],
            "tracks": tracks}


def digitize(url, calibration, section, scans):
    """(depth [N], {mnemonic: fractions of the track [N]})"""
    fields = [("layout", json.dumps(layout_of(calibration, section))), ("step", str(STEP)), ("format", "csv")]
    body, kind = score_points.multipart(fields, os.path.join(scans, calibration["file"]))
    request = urllib.request.Request(url.rstrip("/") + "/digitize", data=body, headers={"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=600) as reply:
        rows = [row for row in csv.reader(io.StringIO(reply.read().decode())) if row]
    data = np.array([[float(v) if v.strip() else np.nan for v in row] for row in rows[1:]])
    return data[:, 0], dict(zip(rows[0][1:], data[:, 1:].T))


def agreement(first, second):
    """Of one curve in two passes at the same depths: r, near2, near1, null."""
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 3:
        return {"r": 0.0, "near2": 0.0, "near1": 0.0, "null": float(1 - both.mean())}
    apart = np.abs(first - second)[both]
    return {"r": float(np.corrcoef(first[both], second[both])[0, 1]), "near2": float((apart <= 0.02).mean()),
            "near1": float((apart <= 0.01).mean()), "null": float(1 - both.mean())}


def compare(passes, top, bottom):
    """{mnemonic: agreement} of two answers of digitize between the depths `top` and `bottom`, or what both cover."""
    low = max(depth[0] for depth, _ in passes) if top is None else top
    high = min(depth[-1] for depth, _ in passes) if bottom is None else bottom
    at = np.arange(np.ceil(low / STEP - 1e-6), np.floor(high / STEP + 1e-6) + 1) * STEP
    return at, {name: agreement(*(np.interp(at, depth, values[name]) for depth, values in passes))
                for name in passes[0][1]}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("url")
    ap.add_argument("calibration")
    ap.add_argument("scans")
    ap.add_argument("--from", dest="top", type=float)
    ap.add_argument("--to", dest="bottom", type=float)
    args = ap.parse_args()
    with open(args.calibration) as file:
        calibration = json.load(file)
    passes = [digitize(args.url, calibration, section, args.scans) for section in calibration["passes"].values()]
    if len(passes) != 2:
        sys.exit("the calibration has not two passes")
    at, scores = compare(passes, args.top, args.bottom)
    print(f"{' and '.join(calibration['passes'])}, {at[0]:g} to {at[-1]:g} {calibration['depth_unit']}")
    for name, s in scores.items():
        print(f"{name:6} r {s['r']:.3f} near2 {s['near2']:.3f} near1 {s['near1']:.3f} null {s['null']:.3f}")


if __name__ == "__main__":
    main()
