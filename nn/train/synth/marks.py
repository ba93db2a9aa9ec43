"""What is on a page beside grid and curves: numbers, names, arrows, handwriting, stamps, headers."""
import numpy as np

from .draw import log_uniform, smooth_noise

NAMES = ("GR", "SP", "CALI", "DT", "RHOB", "NPHI", "ILD", "ILM", "SFL", "LLD", "MSFL", "TENS", "HDRA", "PEFZ",
         "DPHZ", "CNL", "BS", "Gamma Ray", "Caliper", "FR ECGR", "Sonic Porosity", "Bulk Density", "AMPLIFIED SHORT",
         "SP millivolts", "16 inch NORMAL", "RESISTIVITY", "ohms m2/m", "API UNITS", "120 in. DOI", "ROP", "TVD",
         "KODAK SAFETY FILM", "DST #1", "Tools", "FR", "TD", "CSG", "PASS 2", "BACKUP", "x10", "0", "150", "300")


def depth_numbers(rng, canvas, x, rows, first, step, zoom, value):
    """Printed depths in a column, upright or turned."""
    font, size = int(rng.integers(5)), rng.uniform(9, 18) * zoom
    weight = rng.uniform(0.7, 2.2) * zoom ** 0.5
    turns = int(rng.choice((0, 0, 1, 3)))
    for k, y in enumerate(rows):
        canvas.text("marks", (x, y + rng.uniform(-1, 1)), str(int(first + k * step)), size, value, font, weight, turns)


def words(rng, canvas, where, zoom, value):
    if rng.random() < 0.15:  # a number in a hole of the plot
        canvas.erase(where, (rng.uniform(20, 60) * zoom, rng.uniform(10, 22) * zoom))
        canvas.text("marks", where, str(int(rng.integers(-99, 300))), 10 * zoom, value, int(rng.integers(2)))
        return
    canvas.text("marks", where, str(rng.choice(NAMES)), rng.uniform(7, 16) * zoom, value, int(rng.integers(5)),
                rng.uniform(0.6, 1.8), int(rng.choice((0, 0, 0, 1, 3))))


def arrow(rng, canvas, where, zoom, value):
    """A thin arrow, as from a curve's name to the curve."""
    x, y = where
    length, angle = rng.uniform(8, 60) * zoom, rng.uniform(0, 2 * np.pi)
    dx, dy = length * np.cos(angle), length * np.sin(angle)
    head = rng.uniform(4, 10) * zoom
    width = rng.uniform(0.8, 2)
    ends = [(x, y, x + dx, y + dy)]
    for turn in (2.6, -2.6):
        ends.append((x + dx, y + dy, x + dx + head * np.cos(angle + turn), y + dy + head * np.sin(angle + turn)))
    canvas.segments("marks", ends, width, value, smooth=True)


def handwriting(rng, canvas, where, zoom, value):
    """Looping strokes in a row: digits and words nobody can read."""
    x, y = where
    size = rng.uniform(8, 26) * zoom
    width = rng.uniform(0.9, 2.8)
    pieces = []
    for _ in range(rng.integers(2, 9)):
        n = int(rng.integers(14, 40))
        px = x + 0.6 * size * smooth_noise(rng, n, 7) * 0.7 + np.linspace(0, rng.uniform(0, size), n)
        py = y + 0.6 * size * smooth_noise(rng, n, 6)
        pieces.append(canvas.warp(np.column_stack([px, py])))
        x += size * rng.uniform(0.5, 1.2)
    canvas.stroke("marks", pieces, width, value)


def scrawl(rng, canvas, where, zoom, value):
    """A few straight strokes of a pen from point to point: ticks, zigzags, hooks."""
    pieces = []
    for _ in range(rng.integers(1, 4)):
        step = rng.normal(0, 1, (int(rng.integers(2, 8)), 2)) * rng.uniform(4, 30, 2) * zoom
        pieces.append(canvas.warp(where + np.cumsum(step, axis=0)))
    canvas.stroke("marks", pieces, rng.uniform(0.8, 2.8), value)


def bracket(rng, canvas, where, zoom, value):
    """A test interval: a vertical bar with ticks, open or filled."""
    x, y = where
    h, w = rng.uniform(20, 160) * zoom, rng.uniform(4, 16) * zoom
    width = rng.uniform(1, 4)
    if rng.random() < 0.4:
        canvas.segments("marks", [(x, y, x, y + h)], w, value)
    else:
        canvas.segments("marks", [(x, y, x, y + h), (x, y, x + w, y), (x, y + h, x + w, y + h)], width, value)


def big_x(rng, canvas, where, zoom, value):
    x, y = where
    w, h = rng.uniform(30, 200) * zoom, rng.uniform(30, 300) * zoom
    canvas.segments("marks", [(x, y, x + w, y + h), (x + w, y, x, y + h)], rng.uniform(1, 4), value, smooth=True)


def stamp(rng, canvas, where, zoom, value):
    x, y = where
    w, h = rng.uniform(50, 160) * zoom, rng.uniform(20, 60) * zoom
    box = [(x, y, x + w, y), (x + w, y, x + w, y + h), (x + w, y + h, x, y + h), (x, y + h, x, y)]
    canvas.segments("marks", box, rng.uniform(1, 3), value)
    canvas.text("marks", (x + w / 2, y + h / 2), str(rng.choice(NAMES)), h * 0.4, value, int(rng.integers(5)), 1.5)


def casing_shoe(rng, canvas, where, zoom, value):
    x, y = where
    size = rng.uniform(8, 22) * zoom
    k = np.arange(0, size, 1.0)
    canvas.segments("marks", np.column_stack([np.full(len(k), x), y + k, x + size - k, y + k]), 1.2, value)


def paragraph(rng, canvas, where, zoom, value):
    """Lines of print: survey listings, remarks, geologists' descriptions."""
    x, y = where
    size, font = rng.uniform(6, 13) * zoom, int(rng.integers(5))
    hole = rng.random() < 0.4
    for k in range(int(rng.integers(2, 12))):
        count = int(rng.integers(2, 6))
        line = " ".join(rng.choice(NAMES) if rng.random() < 0.6 else str(rng.integers(0, 20000) / 10)
                        for _ in range(count))
        at = (x, y + k * size * 1.9)
        if hole:
            canvas.erase(at, (len(line) * size * 0.8, size * 1.9))
        canvas.text("marks", at, line, size, value, font, rng.uniform(0.6, 1.2))


def pick(rng, canvas, where, zoom, value):
    """A formation top: a freehand line across the log, a word above it."""
    x, y = where
    length = rng.uniform(80, 600) * zoom
    t = np.linspace(0, length, 40)
    line = np.column_stack([x + t, y + rng.uniform(0, 4) * smooth_noise(rng, 40, 15) + rng.normal(0, 0.02) * t])
    canvas.stroke("marks", [canvas.warp(line)], rng.uniform(1, 4.5), value)
    if rng.random() < 0.7:
        handwriting(rng, canvas, (x + rng.uniform(0, 0.7) * length, y - 14 * zoom), zoom, value)


def underline(rng, canvas, where, zoom, value):
    """A short straight line: a scale-change mark, a legend's sample, a rule."""
    x, y = where
    length = rng.uniform(10, 200) * zoom
    tilt = rng.choice((0.0, 0.0, rng.uniform(-0.15, 0.15)))
    ends = [(x, y, x + length, y + tilt * length)]
    if rng.random() < 0.3:
        ends = [(x, y, x, y + min(length, 40))]
    canvas.segments("marks", ends, rng.uniform(1, 5), value)


SCATTER = ((words, 5), (arrow, 2), (handwriting, 2.5), (scrawl, 1.2), (bracket, 1.2), (big_x, 0.4), (stamp, 0.4),
           (casing_shoe, 0.5), (underline, 2), (pick, 1.2), (paragraph, 0.5))
CHANCES = np.array([w for _, w in SCATTER]) / sum(w for _, w in SCATTER)


def scatter(rng, canvas, count, zoom):
    """Random marks anywhere on the page."""
    for _ in range(count):
        mark = SCATTER[rng.choice(len(SCATTER), p=CHANCES)][0]
        where = (rng.uniform(0, canvas.width), rng.uniform(0, canvas.height))
        mark(rng, canvas, where, zoom, int(rng.uniform(140, 256)))


def header(rng, canvas, x0, x1, top, bottom, zoom):
    """A header or scale block: boxes, text, legend lines. None of its lines is a curve."""
    value = int(rng.uniform(170, 256))
    y = top + 2
    canvas.segments("marks", [(x0, top, x1, top), (x0, bottom, x1, bottom), (x0, top, x0, bottom),
                              (x1, top, x1, bottom)], rng.uniform(1, 4), value)
    size = rng.uniform(8, 15) * zoom
    while y < bottom - 2.5 * size:
        y += size * rng.uniform(1.6, 3)
        mid = (x0 + x1) / 2
        canvas.text("marks", (mid + rng.uniform(-0.2, 0.2) * (x1 - x0), y), str(rng.choice(NAMES)), size, value,
                    int(rng.integers(5)), rng.uniform(0.7, 1.6))
        kind = rng.random()
        if kind < 0.35:
            canvas.segments("marks", [(x0, y + size, x1, y + size)], rng.uniform(1, 3), value)
        elif kind < 0.6:
            dash, gap = log_uniform(rng, 2, 30), log_uniform(rng, 3, 12)
            x = np.arange(x0, x1 - dash, dash + gap)
            ends = np.column_stack([x, np.full(len(x), y + size), x + dash, np.full(len(x), y + size)])
            canvas.segments("marks", ends, rng.uniform(1, 3), value)
