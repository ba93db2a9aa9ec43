"""Scores a server, and how far its confidence can be trusted, on the cases of make_cases.py.

    evaluate_server.py CASES (URL | --start) [--binary FILE] [--weights DIR] [--json OUT]

Errors are fractions of the track's width (decades on a logarithmic scale). Medians over curves:
  cover     share of true depths that got a value
  mae, p95  mean and 95th percentile of the error where both have a value
  r         Pearson correlation there
  ok1       share of all true depths with a value within 1 % of the track's width
  ok1_mean  the mean of ok1 over the curves
Reliability: by the confidence given, the share of values within 1 %.

Masks: F1 and F1 near (nn/train/mask_score.py) of those that the server gives, per class, by wear.

Curves of one style come back from left to right by their means, which says nothing where these are alike (a bit
size and a caliper): each is compared with the true one of its style that it fits best.

With EVAL_DIR (score.py, rescans.py and their cases) and SCANS_DIR in the environment those programs
and tests/realscans are run on the same server too.
"""
import argparse
import csv
import glob
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
from urllib.parse import urljoin

import numpy as np
import requests
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(ROOT, "nn", "train"))
from make_cases import CLASSES, WEAR  # noqa: E402
from mask_score import COUNTS, mask_counts, mask_score  # noqa: E402

BINS = (0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0001)
NEAR = 0.01
REPEAT = "kgs_273101.json"  # of SCANS_DIR: a log with a main pass and a repeat section
ZERO = {"cover": 0.0, "mae": 1.0, "p95": 1.0, "r": 0.0, "ok1": 0.0}


def fraction(value, curve):
    left, right = curve["left"], curve["right"]
    if curve["scale"] == "log":
        value = np.where(value > 0, value, np.nan)
        return np.log(value / left) / np.log(right / left)
    return (value - left) / (right - left)


def score_curve(true, got):
    """true, got: fractions of the track per depth, NaN for none. None without truth."""
    known = np.isfinite(true)
    both = known & np.isfinite(got)
    if not known.any():
        return None
    if not both.any():
        return dict(ZERO)
    error = np.abs(true - got)[both]
    varies = both.sum() > 2 and true[both].std() > 0 and got[both].std() > 0
    return {"cover": float(both.sum() / known.sum()), "mae": float(error.mean()),
            "p95": float(np.quantile(error, 0.95)),
            "r": float(np.corrcoef(true[both], got[both])[0, 1]) if varies else 0.0,
            "ok1": float((error <= NEAR).sum() / known.sum())}


def matches(true, got, styles):
    """The number of the true curve that each answer is. true, got: fractions of the track per depth, one a curve."""
    numbers = list(range(len(styles)))
    for style in set(styles):
        mine = [k for k in range(len(styles)) if styles[k] == style]
        best = max(itertools.permutations(mine), key=lambda order, mine=mine: sum(
            (np.abs(true[t] - got[k]) <= NEAR).sum() for k, t in zip(mine, order)))
        for k, t in zip(mine, best):
            numbers[k] = t
    return numbers


def summary(scores):
    out = {key: float(np.median([s[key] for s in scores])) for key in ZERO}
    return {"curves": len(scores), **out, "ok1_mean": float(np.mean([s["ok1"] for s in scores]))}


def reliability(confidence, near):
    """confidence [N], near bool [N]: per bin its samples and the share near, and that over 0.9."""
    bins = []
    for low, high in zip(BINS, BINS[1:]):
        inside = (confidence >= low) & (confidence < high)
        bins.append({"from": low, "to": min(high, 1.0), "samples": int(inside.sum()),
                     "within": float(near[inside].mean()) if inside.any() else None})
    sure = confidence > 0.9
    return {"bins": bins, "over_0.9_share": float(sure.mean()) if len(sure) else None,
            "over_0.9_within": float(near[sure].mean()) if sure.any() else None}


def interpolate(depth, column, at):
    """Linear between neighbours that both have a value, NaN elsewhere; half a step past the ends."""
    if len(depth) < 2:
        return np.full(len(at), np.nan)
    i = np.clip(np.searchsorted(depth, at) - 1, 0, len(depth) - 2)
    w = (at - depth[i]) / (depth[i + 1] - depth[i])
    out = column[i] * (1 - w) + column[i + 1] * w
    out[(w < -1) | (w > 2)] = np.nan
    return out


def result_file(url, address, headers):
    """What lies at an address of a result: of the server itself, or of a bucket, which says for itself who may read."""
    reply = requests.get(urljoin(url, address), headers=headers if address.startswith("/") else {}, timeout=600)
    reply.raise_for_status()
    return reply.content


def digitize(url, base, sidecar):
    """Returns (columns of the CSV by name, mask uint8 [H,W]: bit k for CLASSES[k]); ({}, None) if refused."""
    fields = [("depth_top", repr(sidecar["depth_top"])), ("depth_bottom", repr(sidecar["depth_bottom"])),
              ("depth_unit", sidecar["depth_unit"]), ("track", ",".join(map(str, sidecar["track"]))),
              ("step", "0.1"), ("format", "json"), ("confidence", "1")]
    fields += [("curve", "{mnemonic}:{unit}:{left!r}:{right!r}:{scale}:{style}".format(**c)) for c in sidecar["curves"]]
    with open(base + ".tif", "rb") as file:
        parts = [(k, (None, v)) for k, v in fields] + [("scan", ("scan.tif", file.read(), "image/tiff"))]
    headers = {"Authorization": "Bearer " + os.environ["API_KEY"]} if os.environ.get("API_KEY") else {}
    reply = requests.post(url.rstrip("/") + "/digitize", files=parts, headers=headers, timeout=600)
    if reply.status_code != 200:
        print(os.path.basename(base), reply.status_code, reply.text[:300], file=sys.stderr)
        return {}, None
    files = reply.json()["artifacts"]
    text = result_file(url, files["csv"], headers).decode()
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    data = np.array([[float(v) if v.strip() else np.nan for v in row] for row in rows[1:]])
    data[np.isclose(data, -999.25)] = np.nan
    mask = np.array(Image.open(io.BytesIO(result_file(url, files["mask"], headers))))
    return {name: data[:, i] for i, name in enumerate(rows[0])}, mask


def count_masks(mask, labels):
    """mask [h,w] of the server, perhaps at another scale, or None; labels [K,H,W]: counts [K,COUNTS]."""
    if mask is None:
        mask = np.zeros(labels.shape[1:], np.uint8)
    mask = np.array(Image.fromarray(mask).resize(labels.shape[:0:-1], Image.NEAREST))
    return np.array([mask_counts((mask >> k & 1) > 0, label > 0) for k, label in enumerate(labels)])


def evaluate(url, cases):
    scores, confidences, nears = [], [], []
    masks = {wear: np.zeros((len(CLASSES), COUNTS)) for wear in WEAR}
    for path in sorted(glob.glob(os.path.join(cases, "*.json"))):
        base = path[:-5]
        with open(path) as file:
            sidecar = json.load(file)
        truth = np.load(base + ".truth.npz")
        table, mask = digitize(url, base, sidecar)
        masks[base.rsplit("_", 1)[1]] += count_masks(mask, truth["labels"])
        depth = table[next(iter(table))] if table else np.zeros(0)
        curves = sidecar["curves"]
        trues = [fraction(value, curve) for value, curve in zip(truth["value"], curves)]
        gots = [fraction(interpolate(depth, table[curve["mnemonic"]], truth["depth"]), curve)
                if curve["mnemonic"] in table else np.full(len(trues[0]), np.nan) for curve in curves]
        for curve, got, k in zip(curves, gots, matches(trues, gots, [curve["style"] for curve in curves])):
            true, name = trues[k], curve["mnemonic"]
            if name in table:
                sure = interpolate(depth, table[name + "_CONF"], truth["depth"])
                both = np.isfinite(true) & np.isfinite(got) & np.isfinite(sure)
                confidences.append(sure[both])
                nears.append(np.abs(true - got)[both] <= NEAR)
            score = score_curve(true, got)
            if score:
                scores.append((os.path.basename(base).split("_", 1)[1], score))
                print(f"{os.path.basename(base):24} {name} {curve['style']:7} " +
                      " ".join(f"{q} {score[q]:.4f}" for q in ZERO), flush=True)
    if not scores:
        sys.exit("no cases in " + cases)
    kinds = {kind: summary([s for n, s in scores if n == kind]) for kind in sorted({n for n, _ in scores})}
    for wear in WEAR:
        mine = [s for n, s in scores if n.endswith(wear)]
        if mine:
            kinds["all " + wear] = summary(mine)
    kinds["all"] = summary([s for _, s in scores])
    join = lambda parts: np.concatenate(parts) if parts else np.zeros(0)  # noqa: E731
    masks["all"] = sum(masks.values())
    masks = {wear: dict(zip(CLASSES, map(mask_score, counts))) for wear, counts in masks.items()}
    return {"kinds": kinds, "masks": masks, "confidence": reliability(join(confidences), join(nears).astype(bool))}


def show(result):
    print("\n| kind | curves | cover | mae | p95 | r | ok1 | ok1_mean |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for kind, s in result["kinds"].items():
        print(f"| {kind} | {s['curves']} | {s['cover']:.3f} | {s['mae']:.4f} | {s['p95']:.4f} | {s['r']:.3f} | "
              f"{s['ok1']:.3f} | {s['ok1_mean']:.3f} |")
    show_masks(result["masks"])
    show_reliability(result["confidence"])


def show_masks(result):
    print("\n| masks | " + " | ".join(f"{name} F1 | near" for name in CLASSES) + " |")
    print("| --- " * (1 + 2 * len(CLASSES)) + "|")
    for wear, scores in result.items():
        cells = [f"{scores[name][key]:.3f}" for name in CLASSES for key in ("f1", "f1_near")]
        print(f"| {wear} | " + " | ".join(cells) + " |")


def show_reliability(result):
    print("\n| confidence | samples | within 1 % |\n| --- | --- | --- |")
    for b in result["bins"]:
        print(f"| {b['from']:g} to {b['to']:.3g} | {b['samples']} | " +
              ("" if b["within"] is None else f"{b['within']:.3f}") + " |")
    if result["over_0.9_within"] is not None:
        print(f"\nconfidence over 0.9: {result['over_0.9_share']:.3f} of the samples, "
              f"{result['over_0.9_within']:.4f} of them within 1 %")


def run_others(url):
    """The scorers that need data from elsewhere; one that fails is said, not hidden."""
    where, scans = os.environ.get("EVAL_DIR"), os.environ.get("SCANS_DIR")
    points = os.path.join(ROOT, "tests", "realscans")
    runs = [("EVAL_DIR", where and [os.path.join(where, "score.py"), url, os.path.join(where, "cases")]),
            ("EVAL_DIR and SCANS_DIR", where and scans and
             [os.path.join(where, "rescans.py"), url, os.path.join(where, "rescans"), scans]),
            ("SCANS_DIR", scans and [os.path.join(points, "score_points.py"), url, os.path.join(points, "points"), scans]),
            ("SCANS_DIR", scans and [os.path.join(points, "score_points.py"), url, os.path.join(points, "points"), scans,
                                     "--alone"]),
            ("SCANS_DIR", scans and [os.path.join(points, "copies.py"), url, os.path.join(points, "points"), scans]),
            ("SCANS_DIR", scans and [os.path.join(HERE, "points_confidence.py"), url, os.path.join(points, "points"),
                                     scans]),
            ("SCANS_DIR", scans and [os.path.join(points, "score_repeat.py"), url, os.path.join(scans, REPEAT), scans])]
    failed = 0
    for needs, command in runs:
        if not command:
            print("skipped: needs", needs)
            continue
        print("\n" + os.path.basename(command[0]), flush=True)
        failed += subprocess.run([sys.executable, *command], check=False).returncode != 0
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases")
    parser.add_argument("url", nargs="?")
    parser.add_argument("--start", action="store_true")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "curvelogd"))
    parser.add_argument("--weights", default=os.path.join(ROOT, "weights"))
    parser.add_argument("--json")
    args = parser.parse_args()
    if bool(args.url) == args.start:
        parser.error("give either URL or --start")

    def work(url):
        result = evaluate(url, args.cases)
        show(result)
        if args.json:
            with open(args.json, "w") as file:
                json.dump(result, file, indent=1)
        return run_others(url)

    if args.url:
        failed = work(args.url)
    else:
        sys.path.insert(0, os.path.join(ROOT, "tests", "http"))
        from harness import Server
        with tempfile.TemporaryDirectory() as folder:
            server = Server(os.path.abspath(args.binary), folder, os.path.abspath(args.weights), THREADS="2")
            try:
                failed = work(server.url)
            finally:
                server.stop()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
