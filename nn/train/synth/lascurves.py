"""Real curves from a folder of LAS files, as arrays to draw from."""
import functools
import os
import re

import numpy as np

MIN_SAMPLES = 400
LOGARITHMIC = re.compile(r"RES|ILD|ILM|LL|SFL|MSF|RT|RX|AT\d|AHT|AF|DEEP|SHAL|PERM|^R[A-Z]?\d", re.I)


def read_las(path):
    """Returns (mnemonics, [rows, columns]) of one LAS 1.2 or 2.0 file; nulls are NaN."""
    with open(path, encoding="latin-1") as file:
        text = file.read()
    names, null, section = [], -999.25, ""
    head, _, body = text.partition("\n~A")
    for line in head.splitlines():
        line = line.strip()
        if line.startswith("~"):
            section = line[1:2].upper()
        elif line and not line.startswith("#") and "." in line:
            name = line.split(".", 1)[0].strip()
            if section == "C":
                names.append(name)
            elif section == "W" and name.upper() == "NULL":
                null = float(line.split(".", 1)[1].split(":")[0].split()[-1])
    tokens = body.partition("\n")[2].split()
    rows = len(tokens) // len(names) if names else 0
    if rows == 0:
        raise ValueError(f"{path}: no data")
    values = np.array([_number(t) for t in tokens[:rows * len(names)]]).reshape(rows, -1)
    values[np.abs(values - null) < 1e-3] = np.nan
    return names, values


def _number(token):
    try:
        return float(token)
    except ValueError:
        return np.nan


@functools.lru_cache(maxsize=4)
def load_wells(folder):
    """The usable curves of a folder's files: per file a list of (logarithmic, float64 [rows]), NaN where null."""
    wells = []
    for name in sorted(os.listdir(folder)):
        if not name.lower().endswith(".las"):
            continue
        names, values = read_las(os.path.join(folder, name))
        well = []
        for k in range(1, len(names)):
            column = values[:, k]
            finite = column[np.isfinite(column)]
            if len(finite) >= MIN_SAMPLES and np.ptp(finite) > 0:
                low, high = np.percentile(finite, (2, 98))
                is_log = low > 0 and high / low > 30 or bool(LOGARITHMIC.search(names[k])) and low > 0
                well.append((is_log, column))
        if well:
            wells.append(well)
    if not wells:
        raise ValueError(f"{folder}: no LAS file with a usable curve")
    return wells


@functools.lru_cache(maxsize=4)
def load_folder(folder):
    """All usable curves of a folder: a list of (logarithmic, float64 [n] without nulls)."""
    return [(is_log, column[np.isfinite(column)]) for well in load_wells(folder) for is_log, column in well]


def _middle_and_spread(part):
    low, mid, high = np.percentile(part, (5, 50, 95))
    return mid, (high - low) / 3 or 1.0


def _cut(rng, samples, n):
    """[..., n] of [..., rows] at a random place; too short ones there and back."""
    rows = samples.shape[-1]
    if rows > n:
        start = rng.integers(rows - n)
        return samples[..., start:start + n]
    turns = np.resize(np.concatenate([np.arange(rows), np.arange(rows)[::-1]]), n)
    return samples[..., turns]


def random_stretch(rng, folder, n):
    """About unit-variance [n] samples from a random place of a random curve."""
    is_log, column = load_folder(folder)[rng.integers(len(load_folder(folder)))]
    part = _cut(rng, column, n)
    if is_log and rng.random() < 0.7:
        part = np.log10(np.maximum(part, 1e-3))
    part = part[::-1] if rng.random() < 0.5 else part
    mid, spread = _middle_and_spread(part)
    return np.clip((part - mid) / spread, -12, 12) * rng.choice((-1, 1))


def random_stretches(rng, folder, n, count):
    """As random_stretch [count,n], of curves of one well at the same depths; resistivities share a logarithmic
    scale and lie upon one another where the tools agree."""
    wells = load_wells(folder)
    well = wells[rng.integers(len(wells))]
    logs = [curve for curve in well if curve[0]]
    alike = len(logs) >= count and rng.random() < 0.5
    pool = logs if alike else well
    picks = rng.permutation(len(pool))[:count] if len(pool) >= count else rng.integers(len(pool), size=count)
    samples = np.stack([pool[k][1] for k in picks])
    samples = samples[:, np.isfinite(samples).all(axis=0)]
    if samples.shape[1] < MIN_SAMPLES:  # never logged together
        return np.stack([random_stretch(rng, folder, n) for _ in range(count)])
    part = _cut(rng, samples, n)[:, ::rng.choice((-1, 1))].astype(float)
    for row, k in zip(part, picks):
        if pool[k][0]:
            row[:] = np.log10(np.maximum(row, 1e-3))
    scales = [_middle_and_spread(part if alike else row) for row in part]
    mid, spread = (np.array(a)[:, None] for a in zip(*scales))
    return np.clip((part - mid) / spread, -12, 12) * rng.choice((-1, 1), size=(1 if alike else count, 1))
