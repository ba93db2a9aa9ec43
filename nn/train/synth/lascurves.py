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
def load_folder(folder):
    """All usable curves of a folder: a list of (mnemonic, logarithmic, float64 [n])."""
    curves = []
    for name in sorted(os.listdir(folder)):
        if not name.lower().endswith(".las"):
            continue
        names, values = read_las(os.path.join(folder, name))
        for k in range(1, len(names)):
            column = values[:, k]
            column = column[np.isfinite(column)]
            if len(column) >= MIN_SAMPLES and np.ptp(column) > 0:
                low, high = np.percentile(column, (2, 98))
                is_log = low > 0 and high / low > 30 or bool(LOGARITHMIC.search(names[k])) and low > 0
                curves.append((names[k], is_log, column))
    if not curves:
        raise ValueError(f"{folder}: no LAS file with a usable curve")
    return curves


def random_stretch(rng, folder, n):
    """About unit-variance [n] samples from a random place of a random curve."""
    _, is_log, column = load_folder(folder)[rng.integers(len(load_folder(folder)))]
    if len(column) > n:
        start = rng.integers(len(column) - n)
        part = column[start:start + n]
    else:
        part = np.resize(np.concatenate([column, column[::-1]]), n)
    if is_log and rng.random() < 0.7:
        part = np.log10(np.maximum(part, 1e-3))
    part = part[::-1] if rng.random() < 0.5 else part
    low, mid, high = np.percentile(part, (5, 50, 95))
    spread = (high - low) / 3 or 1.0
    return np.clip((part - mid) / spread, -12, 12) * rng.choice((-1, 1))
