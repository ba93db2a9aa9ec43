"""What the corrector is given on synthetic pages, and what it should say: how far a traced curve is off.

The server itself traces the pages, linked with nn/train/dump_inputs.c, so that the corrector learns from what it will see.
"""
import io
import multiprocessing
import os
import sys
import tempfile

import numpy as np
import requests
from PIL import Image
from scipy.ndimage import median_filter

from synth import make_scan

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SET = 0x636F7272  # first number of every seed here
STYLES = ("solid", "dashed", "dotted")
SHAPE = (3, 17, 25)  # of the planes, kept as bytes (postproc/trace_correct.h); what follows them stays float
PLANES = SHAPE[0] * SHAPE[1] * SHAPE[2]
LEAST_ROWS = 300  # of a track
FAR, LOST = 26, 8  # columns off in a row, and in most rows around: another line was followed, which no correction mends
MOST = 600  # samples of one curve
SMOOTH, ONE_LOOK = 0.5, 0.5  # shares of the pages


def true_columns(paths, rows):
    """The curve's column at each of `rows` (fractional), NaN where it cannot be seen."""
    x = np.full(len(rows), np.nan)
    for _, pieces in paths:
        for piece in pieces:
            y = np.maximum.accumulate(piece[:, 1])
            there = (rows >= y[0]) & (rows <= y[-1])
            x[there] = np.interp(rows[there], y, piece[:, 0])
    return x


def request_of(canvas, track, curves, ink, one_look):
    """(fields of the request, edges [rows,3] of row, x0, x1), or None if the track is not wholly on the page."""
    height, width = ink.shape
    y = np.arange(max(track.top, 0), min(track.bottom, height - 1) + 1e-6, 16.0)
    if len(y) < 3:
        return None
    left = canvas.warp(np.column_stack([np.full(len(y), track.x0), y]))
    right = canvas.warp(np.column_stack([np.full(len(y), track.x1), y]))
    rows = np.rint((left[:, 1] + right[:, 1]) / 2).astype(int)
    keep = (rows >= 0) & (rows < height) & (np.diff(rows, prepend=-10**6) > 0)
    edges = np.column_stack([rows, left[:, 0], right[:, 0]])[keep]
    if len(edges) < 3 or edges[-1, 0] - edges[0, 0] < LEAST_ROWS or edges[:, 1].min() < 0 or edges[:, 2].max() > width - 1:
        return None
    y0, y1 = int(edges[0, 0]), int(edges[-1, 0]) + 1
    fields = [("track", f"{int(edges[:, 1].min())},{y0},{int(np.ceil(edges[:, 2].max())) + 1},{y1}"), ("step", "1"),
              ("format", "csv"), ("second_look", "0" if one_look else "1")]
    fields += [("edge", f"{row:.0f}:{a:.2f}:{b:.2f}") for row, a, b in edges]
    fields += [("curve", f"C{k}:NONE:0:1:lin:{STYLES[cls]}") for k, (cls, _) in enumerate(curves)]
    return fields, edges


def read_dump(path):
    """Per curve: class, x and edges [rows,3], the rows asked for [n], inputs [n,inputs]."""
    raw = open(path, "rb").read()
    curves, at = [], 0
    while at < len(raw):
        rows, cls, n, inputs = np.frombuffer(raw, np.int32, 4, at)
        at += 16
        given = np.frombuffer(raw, np.float32, n * inputs, at).reshape(n, inputs)
        at += 4 * n * inputs
        table = np.frombuffer(raw, np.float32, 3 * rows, at).reshape(rows, 3)
        at += 12 * rows
        curves.append((cls, table, np.frombuffer(raw, np.int32, n, at), given))
        at += 4 * n
    return curves


def samples_of(rng, dump, curves, edges):
    """(planes uint8 [n,PLANES], further inputs float32 [n,28], off float32 [n]) of one request."""
    y0, y1 = edges[0, 0], edges[-1, 0] + 1
    out = []
    for cls, table, due, inputs in dump:
        rows = y0 + (np.arange(len(table)) + 0.5) * (y1 - y0) / len(table) - 0.5
        a, b = np.interp(rows, edges[:, 0], edges[:, 1]), np.interp(rows, edges[:, 0], edges[:, 2])
        best = None
        for wanted, paths in curves:
            if wanted != cls:
                continue
            off = table[:, 1] + (true_columns(paths, rows) - a) / (b - a) * (table[:, 2] - table[:, 1]) - table[:, 0]
            error = np.nan_to_num(np.abs(off), nan=1e9)
            good = (error < FAR) & (median_filter(error, 31) < LOST)
            if best is None or good[due].sum() > best[0][due].sum():
                best = (good, off)
        keep = np.flatnonzero(best[0][due])
        keep = rng.permutation(keep)[:min(MOST, len(keep) // 2)]
        out.append((np.rint(inputs[keep, :PLANES] * 255).astype(np.uint8), inputs[keep, PLANES:],
                    best[1][due][keep].astype(np.float32)))
    return out


def page_samples(url, dump, number, seed, las_dir):
    rng = np.random.default_rng([SET, seed, number])
    ink, canvas = make_scan(rng, las_dir, rng.random() < SMOOTH)
    file = io.BytesIO()
    Image.fromarray(255 - ink).save(file, "TIFF", dpi=(200, 200))
    out = []
    for track, spans in canvas.tracks:
        curves = [(canvas.paths[a][0], canvas.paths[a:b]) for a, b in spans if b > a]
        curves = [curve for curve in curves if any(pieces for _, pieces in curve[1])]
        asked = request_of(canvas, track, curves, ink, rng.random() < ONE_LOOK) if curves else None
        if not asked:
            continue
        parts = [(k, (None, v)) for k, v in asked[0]] + [("scan", ("scan.tif", file.getvalue(), "image/tiff"))]
        reply = requests.post(url + "/digitize", files=parts, timeout=600)
        if reply.status_code == 200:
            out += samples_of(rng, read_dump(dump), curves, asked[1])
        else:
            print(reply.text[:300], flush=True)
    return out


def work(binary, weights, las_dir, seed, numbers, out):
    """One process: the samples of some pages, into one file."""
    sys.path.insert(0, os.path.join(ROOT, "tests", "http"))
    from harness import Server
    parts, page = [], []
    with tempfile.TemporaryDirectory() as place:
        dump = os.path.join(place, "inputs")
        server = Server(os.path.abspath(binary), place, os.path.abspath(weights), INPUTS_OUT=dump)
        try:
            for number in numbers:
                for part in page_samples(server.url, dump, number, seed, las_dir):
                    parts.append(part)
                    page.append(np.full(len(part[2]), number, np.int32))
                print(f"page {number}: {sum(map(len, page))} samples", flush=True)
        finally:
            server.stop()
    np.savez(out, planes=np.concatenate([p[0] for p in parts]), further=np.concatenate([p[1] for p in parts]),
             off=np.concatenate([p[2] for p in parts]), page=np.concatenate(page))


def collect(binary, weights, las_dir, seed, pages, processes, folder):
    """Samples of `pages` pages, in one file a process, beside those of other seeds."""
    os.makedirs(folder, exist_ok=True)
    files = [os.path.join(folder, f"samples-{seed}-{k}.npz") for k in range(processes)]
    running = [multiprocessing.Process(target=work, args=(binary, weights, las_dir, seed, range(k, pages, processes), file))
               for k, file in enumerate(files)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    if any(process.exitcode for process in running):
        raise RuntimeError("a process that collects samples failed")


def load(folder):
    """planes, further, off, page of all samples in a folder."""
    parts = [np.load(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith(".npz")]
    return [np.concatenate([part[key] for part in parts]) for key in ("planes", "further", "off", "page")]
