"""How a curve is inked: class, width, dash pattern, breaks, pen and galvanometer."""
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d

from .draw import log_uniform, smooth_noise

SOLID, DASHED, DOTTED = 0, 1, 2


@dataclass
class Style:
    cls: int
    width: float  # page px
    value: int  # ink, 0..255
    pattern: tuple = ()  # on, off, on, off … in page px; empty for solid
    ragged: float = 0.0  # relative scatter of dash and gap lengths
    by_depth: bool = False  # chopped in time, not along the line
    pen: float = 0.0  # relative variation of the width along the line
    galvanometer: float = 0.0  # thick when slow, thin and fainter by this share when fast
    breaks: float = 0.0  # hairline breaks per page px
    breaks_length: float = 3.0
    stair: tuple = field(default_factory=tuple)  # plotter's step (x, y) in page px
    tick: float = 0.0  # distance of small cross strokes that tell this curve from others, page px
    blot: float = 0.0  # how much wider it is where it swings
    holes: float = 0.0  # white specks in a thick stroke per page px of its length
    blob: float = 0.0  # sideways scatter of dots that are irregular blobs, page px
    bead_tick: float = 0.0  # longest cross tick on a line of beads, page px


def random_style(rng, cls, zoom, value, clear):
    """A style for a curve of class `cls`; `clear` ones leave no doubt which class it is."""
    width = log_uniform(rng, 1.1, 3.6) if clear or rng.random() < 0.85 else rng.uniform(3, 6)
    width = float(np.clip(width * zoom ** 0.5, 0.9 if clear else 0.8, 6.5))
    if cls == SOLID and not clear and rng.random() < 0.05:  # a caliper or bit size printed as a bar
        width = rng.uniform(6, 13)
    style = Style(cls, width, value)
    if cls == DASHED:
        style.pattern = _clear_dashes(rng, width) if clear else _dashes(rng, width, zoom)
    elif cls == DOTTED:
        style.width = float(np.clip(width, 1.4, 4))
        gap = rng.uniform(4, 9) if clear else max(2.5, rng.uniform(2.5, 10) * zoom)
        style.pattern = (rng.uniform(0.1, 0.5) * style.width, style.width + gap)
    if cls != SOLID:
        style.ragged = rng.choice((0.0, 0.05, 0.2, 0.4), p=(0.5, 0.3, 0.2, 0) if clear else (0.3, 0.3, 0.25, 0.15))
        style.by_depth = rng.random() < (0.05 if clear else 0.25)
    _add_pen(rng, style, zoom, clear)
    return style


def _add_pen(rng, style, zoom, clear):
    """What the pen, the film or the plotter does to the line."""
    kind = rng.random()
    if kind < 0.25:
        style.pen = rng.uniform(0.1, 0.25 if clear else 0.5)
    elif kind < 0.42:
        style.galvanometer = rng.uniform(0.3, 0.6 if clear else 1.1)
    elif kind < (0.45 if clear else 0.52):
        style.stair = (rng.uniform(1, 3), rng.uniform(0.8, 2.5))
    if clear:
        return
    if style.cls == SOLID and rng.random() < 0.05:
        style.tick = rng.uniform(20, 120) * zoom
    if rng.random() < 0.3:
        style.breaks = log_uniform(rng, 0.0005, 0.01)
        style.breaks_length = log_uniform(rng, 0.5, 4)


def _clear_dashes(rng, width):
    """Dashes of 8 to 25 px with gaps of 5 to 12 px between their round ends, or as long as they are; at times a dot
    in the gap."""
    dash = max(width, rng.uniform(8, 25) - width)
    gap = width + (rng.uniform(5, 12) if rng.random() < 0.6 else dash * rng.uniform(0.6, 1.2))
    return (dash, gap) if rng.random() < 0.85 else (dash, gap, max(1.0, 0.5 * width), gap)


def _dashes(rng, width, zoom):
    kind = rng.choice(("short", "medium", "long", "dashdot", "longdot"), p=(0.3, 0.35, 0.2, 0.1, 0.05))
    dot = max(1.0, width * rng.uniform(0.3, 1))
    gap = width + max(2.5, (rng.uniform(2.5, 9) if rng.random() < 0.75 else rng.uniform(8, 24)) * zoom)
    if kind == "short":
        return (max(1.8 * width, rng.uniform(5, 11) * zoom), gap)
    if kind == "medium":
        return (rng.uniform(10, 24) * zoom, gap)
    if kind == "long":
        return (min(75.0, rng.uniform(24, 60) * zoom), gap * rng.uniform(1, 2))
    if kind == "dashdot":
        return (rng.uniform(9, 26) * zoom, gap, dot, gap)
    return (rng.uniform(24, 50) * zoom, gap, dot, gap, dot, gap)


def measure(piece, by_depth):
    """Cumulative length along a polyline [n,2]."""
    step = np.diff(piece, axis=0)
    length = np.abs(step[:, 1]) if by_depth else np.hypot(step[:, 0], step[:, 1])
    return np.concatenate([[0.0], np.cumsum(length + 1e-9)])


def dash_ends(rng, total, style):
    """Starts and ends of dashes along a line of length `total`: two arrays [k]."""
    period = sum(style.pattern)
    turns = int(total / period * 1.6) + 3
    lengths = np.tile(np.asarray(style.pattern, np.float64), turns)
    if style.ragged:
        lengths *= np.exp(style.ragged * rng.standard_normal(len(lengths)))
    edges = np.concatenate([[0.0], np.cumsum(lengths)]) - rng.uniform(0, period)
    on, off = edges[0:-1:2], edges[1::2]
    inside = (off > 0) & (on < total)
    return np.clip(on[inside], 0, total), np.clip(off[inside], 0, total)


def break_ends(rng, total, style):
    """What is left between hairline breaks: starts and ends [k]."""
    count = rng.poisson(total * style.breaks)
    at = np.sort(rng.uniform(0, total, count))
    gap = style.breaks_length * rng.exponential(1, count)
    on, off = np.concatenate([[0.0], at + gap]), np.concatenate([at, [total]])
    keep = off > on
    return on[keep], off[keep]


def inked_ends(rng, total, style):
    """Starts and ends of what is inked along a line: dashes, of which some are lost, or the line between breaks."""
    if not style.pattern:
        return break_ends(rng, total, style)
    on, off = dash_ends(rng, total, style)
    keep = rng.random(len(on)) >= 8 * style.breaks
    return on[keep], off[keep]


def cut(piece, length, on, off):
    """Parts of a polyline between the lengths on[k] and off[k]: a list of [m,2]."""
    ends = np.column_stack([on, off]).ravel()
    points = np.column_stack([np.interp(ends, length, piece[:, i]) for i in (0, 1)])
    first = np.searchsorted(length, on, "right")
    last = np.searchsorted(length, off, "left")
    return [np.concatenate([points[2 * k:2 * k + 1], piece[first[k]:last[k]], points[2 * k + 1:2 * k + 2]])
            for k in range(len(on))]


def ink_curve(rng, canvas, name, pieces, style):
    """Draws warped pieces in their style and labels the whole line."""
    if style.blob:
        pieces = [_scattered(rng, piece, style) for piece in pieces]
    canvas.label(style.cls, pieces)
    for piece in pieces:
        if len(piece) < 2:
            continue
        if style.blob:
            _ink_blobs(rng, canvas, name, piece, style)
            continue
        if style.tick:
            canvas.stroke(name, _ticks(piece, style), 0.7 * style.width, style.value)
        parts = [piece]
        if style.pattern or style.breaks:
            length = measure(piece, style.by_depth)
            parts = cut(piece, length, *inked_ends(rng, length[-1], style))
        if style.pen or style.galvanometer or style.blot:
            _ink_uneven(rng, canvas, name, parts, style)
        else:
            canvas.stroke(name, parts, style.width, style.value)
        if style.bead_tick:
            _ink_bead_ticks(rng, canvas, name, parts, style)
        if style.holes:
            _cut_holes(rng, canvas, name, piece, style)


def _at_lengths(piece, at):
    """Points [k,2] at the lengths `at` along a polyline."""
    length = measure(piece, False)
    return np.column_stack([np.interp(at, length, piece[:, i]) for i in (0, 1)])


def _scattered(rng, piece, style):
    """A polyline through dots that lie beside `piece`, about a period of the style apart."""
    if len(piece) < 2:
        return piece
    total, period = measure(piece, False)[-1], sum(style.pattern)
    at = np.cumsum(period * np.exp(0.35 * rng.standard_normal(int(2 * total / period) + 2)))
    at -= rng.uniform(0, at[0])
    dots = _at_lengths(piece, at[at < total])
    dots[:, 0] += style.blob * rng.standard_normal(len(dots))
    return dots


def _ink_blobs(rng, canvas, name, dots, style):
    """A short scribble at each of the dots [k,2]; some are lost."""
    dots = dots[rng.random(len(dots)) < 0.95]
    scribble = dots[:, None, :] + rng.normal(0, 0.45 * style.width, (len(dots), 3, 2))
    thin = rng.random(len(dots)) < 0.4
    canvas.stroke(name, scribble[~thin], style.width, style.value)
    canvas.stroke(name, scribble[thin], 0.6 * style.width, style.value)


def _ink_bead_ticks(rng, canvas, name, beads, style):
    """Thin level strokes of any length across some of the beads (polylines)."""
    middle = np.array([bead.mean(axis=0) for bead in beads if rng.random() < 0.6])
    if len(middle):
        reach = np.zeros((2, len(middle), 2))
        reach[..., 0] = style.bead_tick / 2 * rng.uniform(0.2, 1, (2, len(middle)))
        canvas.stroke(name, np.stack([middle - reach[0], middle + reach[1]], axis=1), 1.2, style.value)


def _cut_holes(rng, canvas, name, piece, style):
    """White specks within a thick stroke."""
    total = measure(piece, False)[-1]
    at = rng.uniform(0, total, rng.poisson(style.holes * total))
    middle = _at_lengths(piece, at) + rng.normal(0, 0.2 * style.width, (len(at), 2))
    specks = np.stack([middle, middle + rng.normal(0, 0.12 * style.width, (len(at), 2))], axis=1)
    for width in (1.5, 3.0):
        canvas.stroke(name, specks[rng.random(len(specks)) < 0.5], width, 0)


def _ticks(piece, style):
    """Slanted strokes across a line: [k,2,2]."""
    length = measure(piece, False)
    at = np.arange(style.tick / 2, length[-1], style.tick)
    middle = np.column_stack([np.interp(at, length, piece[:, i]) for i in (0, 1)])
    reach = np.array([2.0, -1.2]) * (1.5 + style.width)
    return np.stack([middle - reach, middle + reach], axis=1)


def _ink_uneven(rng, canvas, name, parts, style):
    """Width and darkness that change along the line."""
    pairs = [np.stack([p[:-1], p[1:]], axis=1) for p in parts if len(p) > 1]
    if not pairs:
        return
    pairs = np.concatenate(pairs)
    n = len(pairs)
    width = np.full(n, style.width)
    value = np.full(n, float(style.value))
    if style.pen:
        width *= np.exp(style.pen * smooth_noise(rng, n, 60))
    step = pairs[:, 1] - pairs[:, 0]
    speed = np.hypot(step[:, 0], step[:, 1]) / (np.abs(step[:, 1]) + 0.05)
    slow = 1 / np.sqrt(np.clip(speed, 1, 60))
    if style.blot:
        width *= 1 + style.blot * gaussian_filter1d(1 - slow, 3)
    if style.galvanometer:
        width *= 0.45 + 0.75 * slow
        value *= 1 - style.galvanometer * (1 - np.sqrt(slow))
    thick = np.clip(np.rint(width * canvas.scale[0]), 1, 63).astype(int)
    dark = np.clip(np.rint(value / 24), 1, 10).astype(int)
    key = dark * 64 + thick
    for k in np.unique(key):  # faint first, so that dark ink stays on top
        canvas.stroke(name, pairs[key == k], (k % 64) / canvas.scale[0], min(255, (k // 64) * 24 + 12))
