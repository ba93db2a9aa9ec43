"""Tracks: linear and logarithmic grids, depth lines, borders, timing marks."""
from dataclasses import dataclass

import numpy as np

from .draw import log_uniform


@dataclass
class GridStyle:
    minor: float  # line widths, page px
    major: float
    border: float
    minor_value: int  # ink
    major_value: int
    broken: float  # share of a line that dropouts take
    dotted: bool
    pitch: float  # rows between depth lines
    heavy_each: int
    heavier_each: int
    bold_columns: bool = False  # all vertical lines are major ones

    def embolden(self, rng):
        """Few black lines as wide as a curve, of a colour plot."""
        self.minor, self.minor_value = rng.uniform(0.7, 3), int(rng.uniform(40, 200))
        self.major = self.border = rng.uniform(3, 9)
        self.major_value = int(rng.uniform(200, 256))
        self.pitch, self.heavy_each = max(self.pitch, 30.0), int(rng.choice((2, 5, 5)))
        self.heavier_each = int(rng.choice((2, 5)))
        self.bold_columns = rng.random() < 0.6


@dataclass
class Track:
    x0: float
    x1: float
    top: float
    bottom: float
    kind: str  # linear, log, none
    divisions: int
    minors: int
    decades: int = 1
    start: float = 1.0  # first value of a logarithmic scale, 1..9


def random_grid_style(rng, zoom, faint):
    pitch = rng.choice((8, 10, 10, 16, 20, 20, 20, 25, 40, 50)) * rng.uniform(0.85, 1.15) * zoom
    minor = log_uniform(rng, 0.7, 2.0) if rng.random() < 0.85 else rng.uniform(1.8, 3.5)
    minor_value = int(rng.uniform(40, 150) if faint else rng.uniform(*((80, 255) if rng.random() < 0.35 else (150, 255))))
    major = minor * rng.uniform(1, 2.2)
    major_value = int(rng.uniform(minor_value, 220 if faint else 255))
    if rng.random() < 0.12:  # heavy black lines over a light grid
        major, major_value = rng.uniform(2.2, 4.5) * zoom ** 0.5, 250
    return GridStyle(
        minor=minor, major=major, border=minor * rng.uniform(1, 2.5), minor_value=minor_value, major_value=major_value,
        broken=rng.choice((0.0, rng.uniform(0.05, 0.5)), p=(0.88, 0.12)), dotted=rng.random() < 0.05,
        pitch=max(6.0, pitch), heavy_each=int(rng.choice((1, 2, 5, 5, 10))),
        heavier_each=int(rng.choice((10, 10, 20, 25, 50))))


def random_track(rng, x0, x1, top, bottom):
    kind = rng.choice(("linear", "log", "none"), p=(0.72, 0.22, 0.06))
    divisions = int(rng.choice((2, 4, 5, 8, 10, 20), p=(0.08, 0.2, 0.17, 0.05, 0.45, 0.05)))
    minors = int(rng.choice((1, 2, 4, 5), p=(0.6, 0.2, 0.1, 0.1))) if divisions < 8 else 1
    return Track(x0, x1, top, bottom, kind, divisions, minors,
                 int(rng.choice((1, 2, 3, 4), p=(0.2, 0.35, 0.2, 0.25))),
                 float(rng.choice((1, 1, 2, 2, rng.uniform(1, 9)))))


def vertical_lines(track):
    """(positions of minor lines, of major lines), page x."""
    width = track.x1 - track.x0
    if track.kind == "log":
        start = np.log10(track.start)
        values = np.add.outer(np.arange(track.decades + 1), np.log10(np.arange(1, 10))).ravel() - start
        is_major = np.tile(np.arange(9) == 0, track.decades + 1)
        x = values / track.decades
        inside = (x > 1e-6) & (x < 1 - 1e-6)
        return track.x0 + width * x[inside & ~is_major], track.x0 + width * x[inside & is_major]
    k = np.arange(1, track.divisions * track.minors)
    x = track.x0 + width * k / (track.divisions * track.minors)
    is_major = (k % track.minors == 0) if track.minors > 1 else (k % 5 == 0) & (track.divisions >= 10)
    return x[~is_major], x[is_major]


def draw_track(rng, canvas, track, style, phase):
    """Grid and borders of one track. `phase`: page row of a heaviest depth line."""
    if track.kind != "none":
        _depth_lines(rng, canvas, track, style, phase)
        minor, major = vertical_lines(track)
        if style.bold_columns:
            minor, major = minor[:0], np.concatenate([minor, major])
        for x, width, value in ((minor, style.minor, style.minor_value),
                                (major, style.major, style.major_value)):
            ends = np.column_stack([x, np.full(len(x), track.top), x, np.full(len(x), track.bottom)])
            _rule(rng, canvas, "columns", ends, width, value, style)
    for x in (track.x0, track.x1):
        if rng.random() < 0.93:
            canvas.segments("columns", [(x, track.top, x, track.bottom)], style.border,
                            max(style.major_value, 120))
            if rng.random() < 0.06:
                off = rng.uniform(-8, 8)
                canvas.segments("columns", [(x + off, track.top, x + off, track.bottom)], style.minor,
                                style.major_value)


def _depth_lines(rng, canvas, track, style, phase):
    first = int(np.ceil((track.top - phase) / style.pitch))
    last = int(np.floor((track.bottom - phase) / style.pitch))
    k = np.arange(first, last + 1)
    y = phase + k * style.pitch
    heaviest = k % (style.heavy_each * style.heavier_each) == 0
    heavy = (k % style.heavy_each == 0) & ~heaviest if style.heavy_each > 1 else np.zeros(len(k), bool)
    for rows, width, value in ((~heavy & ~heaviest, style.minor, style.minor_value),
                               (heavy, style.major, style.major_value),
                               (heaviest, style.border, style.major_value)):
        ends = np.column_stack([np.full(len(y), track.x0), y, np.full(len(y), track.x1), y])[rows]
        _rule(rng, canvas, "rows", ends, width, value, style)


def _rule(rng, canvas, name, ends, width, value, style):
    """Grid lines, whole, broken or dotted."""
    if style.broken or style.dotted:
        ends = np.concatenate([_gaps(rng, line, style) for line in ends]) if len(ends) else ends
    canvas.segments(name, ends, width, value)


def _gaps(rng, line, style):
    length = max(abs(line[2] - line[0]), abs(line[3] - line[1]))
    if style.dotted:
        t = np.arange(0, length, 5.0)
        on, off = t, t + 1.5
    else:
        mean = rng.choice((6.0, 30.0, 120.0))
        count = int(length / mean) + 2
        steps = rng.exponential(mean, (count, 2)) * (1 - style.broken, style.broken) * 2
        edges = np.cumsum(steps.ravel()) - rng.uniform(0, mean)
        on, off = np.concatenate([[0.0], edges[1::2]])[:-1], edges[0::2]
    on, off = np.clip(on, 0, length) / length, np.clip(off, 0, length) / length
    keep = off > on
    a, b = line[:2], line[2:]
    start = a + on[keep, None] * (b - a)
    stop = a + off[keep, None] * (b - a)
    return np.concatenate([start, stop], axis=1)


def draw_timing_marks(rng, canvas, track, style):
    """Minute marks: gaps or ticks at a track's edge."""
    x = track.x0 if rng.random() < 0.5 else track.x1
    step = rng.uniform(30, 160)
    y = np.arange(track.top + rng.uniform(0, step), track.bottom, step)
    length = rng.uniform(3, 30) * rng.choice((-1, 1))
    ends = np.column_stack([np.full(len(y), x), y, np.full(len(y), x + length), y])
    if rng.random() < 0.3:  # pips that are little boxes
        h = rng.uniform(3, 9)
        ends = np.concatenate([ends, ends + (0, h, 0, h), ends[:, [2, 1, 2, 1]] + (0, 0, 0, h)])
    elif rng.random() < 0.3:  # blocks
        canvas.segments("marks", ends, rng.uniform(4, 14), 255)
    canvas.segments("rows", ends, style.major, max(160, style.major_value))
