"""Log curves as they look on paper: real or random values, placed on a track, cut or wrapped at its edges."""
import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import lfilter

from .draw import log_uniform, smooth_noise
from .lascurves import random_stretch, random_stretches


def wander(rng, n):
    """Mean-reverting walk of a random length scale, at times smoothed."""
    tau = log_uniform(rng, 4, 400)
    a = np.exp(-1 / tau)
    x = lfilter([np.sqrt(1 - a * a)], [1, -a], rng.standard_normal(n + 200))[200:]
    return gaussian_filter1d(x, log_uniform(rng, 0.3, 6)) if rng.random() < 0.7 else x


def octaves(rng, n):
    period = log_uniform(rng, 60, 800)
    fall = rng.uniform(0.35, 0.75)
    return sum(fall ** k * smooth_noise(rng, n, max(2.0, period / 2 ** k)) for k in range(8))


def beds(rng, n):
    """Piecewise constant beds seen through a tool of some length."""
    thickness = log_uniform(rng, 4, 150)
    count = int(n / thickness * 3) + 4
    ends = np.cumsum(rng.exponential(thickness, count))
    levels = rng.standard_normal(count)
    if rng.random() < 0.4:
        levels = np.sign(levels) + 0.25 * rng.standard_normal(count)
    x = levels[np.searchsorted(ends, np.arange(n)).clip(0, count - 1)]
    return gaussian_filter1d(x, log_uniform(rng, 0.3, 8))


def counting(rng, n):
    """Beds under counting noise, with the filter of a slow rate meter: a gamma ray."""
    x = beds(rng, n) if rng.random() < 0.6 else octaves(rng, n)
    noise = gaussian_filter1d(rng.standard_normal(n), log_uniform(rng, 0.3, 3))
    return x + rng.uniform(0.1, 1.0) * noise / (noise.std() + 1e-9)


def spikes(rng, n):
    x = 0.4 * octaves(rng, n)
    for _ in range(rng.poisson(n / log_uniform(rng, 20, 300)) + 1):
        at, half = rng.integers(n), log_uniform(rng, 0.6, 10)
        lo, hi = max(0, int(at - 4 * half)), min(n, int(at + 4 * half) + 1)
        t = (np.arange(lo, hi) - at) / half
        height = rng.choice((-1, 1, 1)) * rng.exponential(2.5)
        x[lo:hi] += height * (np.exp(-t * t) if rng.random() < 0.6 else np.maximum(0, 1 - abs(t)))
    return x


def swings(rng, n):
    """Dense swings across the whole track, as of a microlog."""
    x = wander(rng, n) + rng.uniform(0.5, 2) * smooth_noise(rng, n, log_uniform(rng, 3, 15))
    return x * (1 + 0.7 * np.clip(smooth_noise(rng, n, 150), -1, 2))


def sawtooth(rng, n):
    period = log_uniform(rng, 15, 200)
    phase = np.cumsum(1 / period * np.exp(0.4 * smooth_noise(rng, n, period * 2))) % 1
    shape = rng.integers(3)
    x = (phase, np.abs(2 * phase - 1), np.sin(2 * np.pi * phase))[shape]
    return 3 * (x - 0.5) + 0.1 * rng.standard_normal(n)


def constant(rng, n):
    x = rng.choice((0.0, 0.03, 0.1)) * counting(rng, n)
    if rng.random() < 0.5:
        x = x + 2 * (smooth_noise(rng, n, 150) > 1.3) * smooth_noise(rng, n, 15)
    return x


def kicks(rng, n):
    """Levels with jumps in a row or two, at times as straight as a ruler."""
    levels = rng.standard_normal(n // 10 + 4) * 1.5
    ends = np.cumsum(rng.exponential(log_uniform(rng, 8, 120), len(levels)))
    x = levels[np.searchsorted(ends, np.arange(n)).clip(0, len(levels) - 1)]
    return x + rng.choice((0.0, rng.uniform(0, 0.4))) * octaves(rng, n)


def resistive(rng, n):
    """Many decades: quiet lows with towering highs, as resistivity on a linear scale."""
    x = 10 ** (rng.uniform(0.3, 0.9) * (octaves(rng, n) if rng.random() < 0.5 else beds(rng, n)))
    return x / np.median(x) - 1


PROCESSES = ((wander, 2), (octaves, 2), (beds, 2), (counting, 3), (spikes, 2), (swings, 0.7),
             (sawtooth, 0.7), (constant, 1.2), (kicks, 1.5), (resistive, 1.2))
WEIGHTS = np.array([w for _, w in PROCESSES]) / sum(w for _, w in PROCESSES)


def pegged(rng, x):
    """The same samples from a tool that goes no further on one side or both: ruled lines between the swings."""
    low, high = np.clip(rng.uniform((-0.3, 0.6), (0.5, 1.3)), 0, 1)
    return np.clip(x, np.quantile(x, low), np.quantile(x, high))


def random_values(rng, n, las_dir):
    """About unit-spread [n] log samples, real ones where a folder is given."""
    if las_dir and rng.random() < 0.5:
        x = random_stretch(rng, las_dir, n)
        if rng.random() < 0.2:
            x = gaussian_filter1d(x, log_uniform(rng, 1, 6))
        if rng.random() < 0.1:
            x = median_filter(x, 7)
        return x
    process = PROCESSES[rng.choice(len(PROCESSES), p=WEIGHTS)][0]
    return np.asarray(process(rng, n), np.float64)


def sample_rows(rng, rows, las_dir, zoom, count=1, smooth=False):
    """One value per half row of the page, [2*rows], from log samples some rows apart; of several curves of one real
    well, [count,2*rows], with a count. `smooth` joins them without corners, as a pen with inertia does."""
    spacing = (log_uniform(rng, 2, 14) if rng.random() < 0.8 else log_uniform(rng, 0.6, 3)) * zoom
    n = int(rows / spacing) + 4
    x = random_values(rng, n, las_dir) if count == 1 else random_stretches(rng, las_dir, n, count)
    if rng.random() < 0.15:
        x = pegged(rng, x)
    at = np.arange(2 * rows) / (2 * spacing)
    i = at.astype(int)
    if rng.random() < 0.15:  # held samples: near-horizontal steps
        values = x[..., i]
    elif smooth:
        values = CubicSpline(np.arange(n), x, axis=-1)(at)
    else:
        values = x[..., i] * (1 - (at - i)) + x[..., i + 1] * (at - i)
    if rng.random() < 0.5:  # the pen's or galvanometer's lag rounds the corners
        values = gaussian_filter1d(values, log_uniform(rng, 0.6, 5))
    return values


def place(rng, values, divisions, clear):
    """Scales to fractions of the track, well inside it on `clear` pages. Returns (fractions, edge policy)."""
    policy = rng.choice(("cut", "saturate", "wrap", "inside", "overflow"),
                        p=(0.2, 0.05, 0.15, 0.6, 0) if clear else (0.35, 0.14, 0.23, 0.24, 0.04))
    spread = log_uniform(rng, 0.06 if clear else 0.02, 0.3)
    centre = rng.uniform(0.15, 0.85) if clear else rng.uniform(0, 1)
    if rng.random() < (0.03 if clear else 0.08):  # along a grid line or an edge
        centre = rng.integers(0, divisions + 1) / divisions
        spread = log_uniform(rng, 0.003, 0.05)
    elif rng.random() < 0.1:  # hardly moves: only its ink and its small wiggle tell it from a grid line
        spread = log_uniform(rng, 0.002, 0.02)
    if policy == "wrap" and rng.random() < 0.2:
        spread *= 3
    x = centre + spread * values
    if policy == "wrap" and rng.random() < 0.3:  # only a little wraps, and hugs the other border
        x += 1 + rng.uniform(0, 0.04) - np.quantile(x, rng.uniform(0.9, 0.99))
        x = 1 - x if rng.random() < 0.3 else x
    if policy == "wrap" and np.count_nonzero(np.diff(np.floor(x))) > len(x) / 40:
        policy = "cut"  # nobody wraps a curve that leaves the track every few rows
    if policy == "inside":
        x = np.where(x < 0.08, 0.08 * np.exp(np.minimum(0, x - 0.08) / 0.08), x)
        x = np.where(x > 0.92, 1 - 0.08 * np.exp(np.minimum(0, 0.92 - x) / 0.08), x)
    return x, policy


def calm(rng, fractions, wide):
    """The same curve with moderate wiggle on a track `wide` px wide: most rows move by under two px."""
    x = gaussian_filter1d(fractions, log_uniform(rng, 3, 14))
    slope = np.quantile(np.abs(np.diff(x)), 0.9) * 2 * wide
    limit = rng.uniform(0.5, 2)
    middle = np.median(x)
    return middle + (x - middle) * min(1.0, limit / max(slope, 1e-6))


def ruled(rng, n, divisions):
    """A line as straight as a ruler, as bit size is drawn, mostly well off the grid's lines; at times with a step."""
    levels = rng.uniform(0.04, 0.96, 3)
    if rng.random() < 0.8:
        levels = (np.floor(levels * divisions) + rng.uniform(0.2, 0.8, 3)) / divisions
    ends = np.sort(rng.integers(0, n, 2)) if rng.random() < 0.25 else (n, n)
    return levels[np.searchsorted(ends, np.arange(n), side="right")]


def in_gauge(rng, size, values):
    """A caliper beside the bit's size: on it where the hole is in gauge, apart where `values` are high (washouts)."""
    x = values - np.quantile(values, rng.uniform(0.1, 0.75))
    x = np.maximum(x, 0) / max(np.quantile(x, 0.99), 1e-6)
    cake = rng.uniform(-0.02, 0.02) + rng.choice((0.0, 0.002, 0.006)) * octaves(rng, len(values))
    side = 1 if rng.random() < 0.8 else -1
    return size + side * (log_uniform(rng, 0.05, 0.5) * x + cake)


def companion(rng, fractions):
    """A curve that goes much as another one does: a second resistivity, neutron beside density."""
    n = len(fractions)
    x = fractions - fractions.mean()
    offset = rng.choice((0.0, rng.uniform(-0.15, 0.15)))
    gain = rng.choice((1.0, rng.uniform(0.5, 1.5), rng.uniform(1.5, 5), -rng.uniform(0.4, 1.2)), p=(0.4, 0.35, 0.1, 0.15))
    difference = rng.uniform(0.005, 0.08) * octaves(rng, n)
    return fractions.mean() + offset + gain * x + difference


def split_at_edges(fractions, rows, policy, wraps):
    """Cuts a curve at the track's edges.

    fractions: [n] of the track, may leave 0..1; rows: [n] ascending. Returns a list of (turn, piece [k,2] of
    (fraction in 0..1, row)). `wrap` brings up to `wraps` turns on either side back onto the track; turn 0 was
    there before.
    """
    if policy == "saturate":
        return [(0, np.column_stack([np.clip(fractions, 0, 1), rows]))]
    if policy == "overflow":
        return [(0, np.column_stack([np.clip(fractions, -0.06, 1.06), rows]))]
    limit = wraps if policy == "wrap" else 0
    f = np.clip(fractions, -limit - 0.5, limit + 1.5)
    turn = np.floor(f)
    crossing = np.flatnonzero(turn[1:] != turn[:-1])
    out, start = [], 0
    head = None
    for i in crossing:
        step = 1 if f[i + 1] > f[i] else -1
        first = turn[i] + (step > 0)
        levels = np.arange(first, turn[i + 1] + (step < 0) + step * 0.5, step)
        t = (levels - f[i]) / (f[i + 1] - f[i])
        y = rows[i] + t * (rows[i + 1] - rows[i])
        body = np.column_stack([f[start:i + 1], rows[start:i + 1]])
        out.append((turn[i], _joined(head, body, (levels[0], y[0]))))
        for k in range(len(levels) - 1):
            low = min(levels[k], levels[k + 1])
            out.append((low, np.array([[levels[k], y[k]], [levels[k + 1], y[k + 1]]])))
        head, start = (levels[-1], y[-1]), i + 1
    out.append((turn[-1], _joined(head, np.column_stack([f[start:], rows[start:]]), None)))
    pieces = []
    for k, piece in out:
        if -limit <= k <= limit and len(piece) > 1:
            pieces.append((int(k), np.column_stack([np.clip(piece[:, 0] - k, 0, 1), piece[:, 1]])))
    return pieces


def _joined(head, body, tail):
    parts = [np.array([p]) for p in (head,) if p is not None] + [body]
    parts += [np.array([p]) for p in (tail,) if p is not None]
    return np.concatenate(parts)


def stair_step(fractions, rows, dx, dy):
    """A pixel-stepped plotter: values on a raster of dx (fraction) and dy (rows), joined at right angles."""
    keep = np.flatnonzero(np.diff(np.floor(rows / dy), prepend=-1) != 0)
    f = np.rint(fractions[keep] / dx) * dx
    y = rows[keep]
    return np.repeat(f, 2)[:-1], np.repeat(y, 2)[1:] + np.tile((0, 1e-6), len(y))[:-1]
