"""Kinds of strokes that archives mix in one track and that a style drawn at random seldom has.

Each makes a Style; PAIRS names the neighbours that real scans give them.
"""
from . import style
from .draw import log_uniform
from .style import DASHED, DOTTED, SOLID, Style


def plain(rng, zoom, value):
    return style.random_style(rng, SOLID, zoom, value, True)


def dashes(rng, zoom, value):
    return style.random_style(rng, DASHED, zoom, value, True)


def thin(rng, zoom, value):
    return Style(SOLID, rng.uniform(1.0, 1.8) * zoom ** 0.5, value)


def thick(rng, zoom, value):
    """A pen's line."""
    return Style(SOLID, rng.uniform(2.8, 6) * zoom ** 0.5, value, pen=rng.uniform(0, 0.25))


def bar(rng, zoom, value):
    """A very thick stroke, at times with holes in it."""
    how = Style(SOLID, rng.uniform(8, 20), value, pen=rng.uniform(0, 0.25))
    how.holes = log_uniform(rng, 0.005, 0.08) if rng.random() < 0.6 else 0.0
    return how


def broken(rng, zoom, value):
    """A thin solid line of which copying has taken pieces, without any rhythm."""
    how = Style(SOLID, rng.uniform(0.9, 1.6) * zoom ** 0.5, value)
    how.breaks, how.breaks_length = log_uniform(rng, 0.01, 0.05), log_uniform(rng, 1.5, 8)
    return how


def blots(rng, zoom, value):
    """Dashes that widen and run together where the line swings."""
    width = rng.uniform(1.6, 4.2) * zoom ** 0.5
    dash, gap = rng.uniform(8, 32) * zoom, width + rng.uniform(2, 7) * zoom
    return Style(DASHED, width, value, (dash, gap), rng.choice((0.0, 0.1, 0.3)), by_depth=rng.random() < 0.3,
                 blot=rng.uniform(0.2, 1.6))


def bends(rng, zoom, value):
    """Long dashes that go through whole bends, mostly with a dot or a short dash between them."""
    width = rng.uniform(1.4, 4.0) * zoom ** 0.5
    gap = width + rng.uniform(2, 6) * zoom
    short = max(1.0, rng.uniform(0.5, 4) * width)
    pattern = (rng.uniform(30, 95) * zoom, gap)
    if rng.random() < 0.7:
        pattern += (short, gap)
    return Style(DASHED, width, value, pattern, rng.choice((0.0, 0.1, 0.3)), pen=rng.uniform(0, 0.2))


def fine(rng, zoom, value):
    """Thin short dashes, close to one another."""
    width = rng.uniform(0.9, 1.7) * zoom ** 0.5
    pattern = (max(1.0, rng.uniform(3, 8) * zoom - width), width + rng.uniform(1.2, 3) * zoom)
    return Style(DASHED, width, value, pattern, rng.choice((0.0, 0.1, 0.2)))


def blobs(rng, zoom, value):
    """Dots that a typewriter or a brush put down unevenly, beside the line as often as on it."""
    how = Style(DOTTED, rng.uniform(2.5, 5.5) * zoom ** 0.5, value)
    how.pattern = (0.5, rng.uniform(8, 22) * zoom)
    how.blob = rng.uniform(0.5, 5) * zoom
    return how


def beads(rng, zoom, value):
    """Dots in time: a ripply line with cross ticks where the curve is steep, single dots where it swings."""
    width = rng.uniform(2, 3.4) * zoom ** 0.5
    how = Style(DOTTED, width, value, (0.3, width + rng.uniform(0.8, 2.2) * zoom), 0.1, by_depth=True)
    if rng.random() < 0.7:
        how.bead_tick = rng.uniform(5, 11) * zoom
    return how


SWINGING = (blots, bends)  # not to be calmed down
CALM = (blobs,)  # a swing of theirs could not be followed
BESIDE = (fine, beads)  # go along with their neighbour, within 20 px, and cross it
# (share, first curve, second curve)
PAIRS = ((3, thin, blots), (1, thick, blots), (1, blots, dashes), (2.5, plain, bends), (1.5, thick, bends),
         (2.5, thick, fine), (0.7, bar, fine), (0.7, bar, dashes), (0.6, bar, plain),
         (3, broken, dashes), (1, broken, bends), (1, broken, plain), (2, plain, blobs), (2, thick, beads))


def random_pair(rng):
    """Two of the functions above, in either order of drawing."""
    total = sum(share for share, *_ in PAIRS)
    pick = rng.choice(len(PAIRS), p=[share / total for share, *_ in PAIRS])
    return list(PAIRS[pick][1:])
