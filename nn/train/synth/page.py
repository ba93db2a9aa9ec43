"""One synthetic page: layout, grids, curves, marks, wear."""
from dataclasses import dataclass

import cv2
import numpy as np

from . import curves, fills, grid, kinds, marks, style, visible, wear
from .draw import Canvas, Warp, flat, log_uniform, split_like


@dataclass
class Look:
    """What a page's tracks share."""
    kind: str  # bilevel, clean, gray
    zoom: float  # size of everything against a true 200 dpi scan
    hard: float  # how worn, 0..1.5
    source: float  # the original's pixels per page pixel
    curve_value: int
    bilevel: bool
    crisp: bool  # drawn by a computer without antialiasing, hardly blurred
    clear: bool  # little wear, few calm curves of plain styles: what each class is in its pure form
    bold: bool  # a colour plot turned gray: mid-gray curves over black lines as wide as they are
    brittle: bool  # thresholded so high that lines a pixel wide break where they lie between two pixels
    smooth: bool  # curves without corners


def random_look(rng, smooth=False):
    kind = str(rng.choice(("bilevel", "clean", "gray"), p=(0.5, 0.25, 0.25)))
    hard = {"bilevel": rng.uniform(0.2, 1.2), "clean": rng.uniform(0, 0.7), "gray": rng.uniform(0, 1)}[kind]
    chances = (0.12, 0.08, 0.2, 0.45, 0.1, 0.05) if kind == "gray" else (0.03, 0.02, 0.05, 0.48, 0.18, 0.24)
    source = float(rng.choice((0.5, 0.575, 0.75, 1, 1.5, 2), p=chances))
    if rng.random() < 0.25:  # the tag lies a little
        source *= rng.uniform(0.85, 1.18)
    crisp = kind != "bilevel" and rng.random() < 0.35
    clear = rng.random() < 0.5
    bold = kind == "gray" and rng.random() < 0.3
    value = int(rng.uniform(200 if clear else 90 if kind == "gray" else 150, 256))
    hard *= (0.3 if crisp else 1) * (0.4 if clear else 1)
    zoom = log_uniform(rng, 0.6, 1.6)
    bilevel = kind == "bilevel" or (kind == "clean" and rng.random() < 0.6)
    brittle = bilevel and not crisp and 0.9 < source < 1.2 and rng.random() < 0.4
    return Look(kind, zoom, hard, min(source, 2.0), value, bilevel, crisp, clear, bold, brittle, smooth)


def random_warp(rng, height, width):
    warp = Warp(height, width)
    if rng.random() < 0.5:
        warp.add_skew(rng.normal(0, 0.022 if rng.random() < 0.35 else 0.006))
    if rng.random() < 0.5:
        warp.add_drift(rng, log_uniform(rng, 0.5, 8), rng.uniform(200, 900))
    if rng.random() < 0.3:
        warp.add_stretch(rng, log_uniform(rng, 0.001, 0.02), rng.uniform(50, 600))
    if rng.random() < 0.08:
        warp.add_row_jitter(rng, rng.uniform(0.2, 0.8), int(rng.integers(1, 12)))
    if rng.random() < 0.06:
        warp.add_jump(int(rng.integers(height)), rng.normal(0, 8), rng.normal(0, 4))
    return warp


def layout(rng, height, width, zoom):
    """Tracks (x0, x1) and depth columns (x0, x1) over the page's width."""
    wide = float(np.clip(500 * zoom * rng.choice((1, 1, 1, 2, 0.8)), 250, 850))
    x = rng.uniform(4, 60) if rng.random() < 0.6 else rng.uniform(-0.8 * wide, 60)
    tracks, columns = [], []
    while x < width - 60 and len(tracks) < 4:
        tracks.append((x, x + wide))
        x += wide
        if rng.random() < 0.6:
            column = rng.uniform(40, 160) * zoom
            columns.append((x, x + column))
            x += column
        if rng.random() < 0.15:
            wide = float(np.clip(wide * rng.choice((0.5, 2)), 200, 850))
    return tracks, columns


def random_classes(rng, clear):
    """Styles of the curves of one track; mostly of more than one class."""
    chances = (0.04, 0.3, 0.5, 0.16, 0) if clear else (0.05, 0.2, 0.43, 0.25, 0.07)
    count = int(rng.choice(5, p=chances))
    classes = [int(rng.choice(3, p=(0.38, 0.32, 0.3))) for _ in range(count)]
    if count == 2 and rng.random() < 0.7:
        classes = [style.SOLID, style.SOLID]
        if rng.random() < 0.7:
            classes[rng.integers(2)] = style.DASHED if rng.random() < 0.55 else style.DOTTED
    return classes


def random_curve(rng, track, look, las_dir, kind, drawn):
    """Fractions of the track per half row, and what happens at its edges. `kind`: a class or of kinds.py."""
    wide = track.x1 - track.x0
    if drawn and kind in kinds.BESIDE:
        offset = rng.uniform(-20, 20) + rng.uniform(3, 12) * curves.octaves(rng, len(drawn[-1]))
        return drawn[-1] + offset * look.zoom / wide, "cut"
    if drawn and rng.random() < (0.15 if look.clear else 0.33):
        return curves.companion(rng, drawn[-1]), "cut"
    values = curves.sample_rows(rng, int(track.bottom - track.top), las_dir, look.zoom, smooth=look.smooth)
    if rng.random() < 0.05:
        return curves.ruled(rng, len(values), track.divisions), "cut"
    fractions, policy = curves.place(rng, values, track.divisions, look.clear)
    chance = 0.7 if look.clear else 0.15
    if kind in (style.DASHED, style.DOTTED):
        chance = 0.7 if look.clear else 0.45
    elif kind in kinds.SWINGING:
        chance = 0.15
    elif kind in kinds.CALM:
        chance = 1.0
    elif callable(kind):
        chance = 0.5
    if look.brittle:
        chance /= 2
    if rng.random() < chance:
        fractions = curves.calm(rng, fractions, wide)
    return fractions, policy


def well_pair(rng, track, look, las_dir):
    """random_curve of two curves of one real well."""
    values = curves.sample_rows(rng, int(track.bottom - track.top), las_dir, look.zoom, 2, look.smooth)
    fractions, policy = curves.place(rng, values.ravel(), track.divisions, look.clear)
    if rng.random() < (0.25 if look.clear and not look.brittle else 0.15):
        fractions = curves.calm(rng, fractions, track.x1 - track.x0)
    first, second = np.split(fractions, 2)
    if rng.random() < 0.5:
        second = second + rng.uniform(-0.3, 0.3)
    return [(first, policy), (second, "cut" if policy == "inside" else policy)]


def gauge_pair(rng, track, look, las_dir):
    """random_curve of a ruled line and of a curve that leaves it now and then: bit size and caliper."""
    values = curves.sample_rows(rng, int(track.bottom - track.top), las_dir, look.zoom)
    size = curves.ruled(rng, len(values), track.divisions)
    caliper = curves.in_gauge(rng, size, values)
    if rng.random() < 0.6:
        caliper = curves.calm(rng, caliper, track.x1 - track.x0)
    pair = [(size, "cut"), (caliper, "cut")]
    return pair if rng.random() < 0.5 else pair[::-1]


def curve_value(rng, look):
    """Ink of one curve."""
    if look.bold:
        return int(rng.uniform(90, 190))
    if look.kind == "gray":
        return int(min(255, rng.uniform(160 if look.clear else 90, 256)))
    return int(min(255, look.curve_value * rng.uniform(0.8, 1.1)))


def random_stroke(rng, look, kind):
    """The Style of a curve of `kind`: a class or of kinds.py."""
    value = curve_value(rng, look)
    how = kind(rng, look.zoom, value) if callable(kind) else style.random_style(rng, kind, look.zoom, value, look.clear)
    if look.bold and rng.random() < 0.7:
        how.width = max(how.width, rng.uniform(3, 8))
        how.pattern = tuple(part * (1 + how.width / 8) for part in how.pattern)
    if look.brittle and rng.random() < 0.6:
        how.width = rng.uniform(1, 1.4) if how.cls == style.SOLID else rng.uniform(1.3, 2.8)
    return how


def draw_curves(rng, canvas, track, look, las_dir):
    """Places, inks and labels the curves of one track."""
    drawn, paths = [], []
    pair = rng.random() < (0.25 if look.clear else 0.35)
    wanted = kinds.random_pair(rng) if pair else random_classes(rng, look.clear)
    if look.brittle and rng.random() < 0.5:  # what is solid has to be told from dashes by its width
        wanted = [style.SOLID, style.DASHED if rng.random() < 0.6 else style.DOTTED][::rng.choice((1, -1))]
    well = []
    if len(wanted) > 1 and wanted[1] not in kinds.BESIDE:
        chance = rng.random()
        if chance < 0.14:
            well = gauge_pair(rng, track, look, las_dir)
        elif chance < 0.62 and las_dir:
            well = well_pair(rng, track, look, las_dir)
    for kind in wanted:
        fractions, policy = well.pop(0) if well else random_curve(rng, track, look, las_dir, kind, drawn)
        drawn.append(fractions)
        how = random_stroke(rng, look, kind)
        if np.ptp(fractions) < 0.02:  # a straight line has to be told from the grid
            how.width = max(how.width, 2.2)
        backup = how
        if rng.random() < 0.3:
            backup = style.random_style(rng, int(rng.integers(3)), look.zoom, how.value, look.clear)
        before = len(canvas.paths)
        for first, last in spans(rng, len(fractions)):
            y = track.top + np.arange(first, last) / 2
            ink_span(rng, canvas, track, fractions[first:last], y, policy, (how, backup))
        paths.append((before, len(canvas.paths)))
    canvas.tracks.append((track, paths))
    shade_track(rng, canvas, track, drawn, look)


def spans(rng, n):
    """Where a curve is drawn: all of the section, or parts of it."""
    if rng.random() < 0.9:
        return [(0, n)]
    cuts = np.sort(rng.integers(0, n, 2 * int(rng.integers(1, 3))))
    return [(a, b) for a, b in zip(cuts[0::2], cuts[1::2]) if b - a > 40]


def ink_span(rng, canvas, track, fractions, y, policy, styles):
    """Inks one stretch of a curve in styles[0], what has wrapped in styles[1]."""
    wide = track.x1 - track.x0
    if styles[0].stair:
        dx, dy = styles[0].stair
        fractions, y = curves.stair_step(fractions, y, dx / wide, dy)
    pieces = curves.split_at_edges(fractions, y, policy, int(rng.integers(1, 4)))
    for how, wrapped in ((styles[0], False), (styles[1], True)):
        mine = [piece for turn, piece in pieces if (turn != 0) == wrapped]
        if mine:
            points = flat(mine)
            points[:, 0] = track.x0 + wide * points[:, 0]
            style.ink_curve(rng, canvas, "curves", split_like(canvas.warp(points), mine), how)


def shade_track(rng, canvas, track, drawn, look):
    """Sometimes fills beside or between the curves."""
    if not drawn or rng.random() > (0.06 if look.clear else 0.14):
        return
    n = len(drawn[0])
    y = track.top + np.arange(n) / 2
    wide = track.x1 - track.x0
    edge = rng.choice((0.0, 1.0, rng.uniform(0.2, 0.8)))
    other = drawn[1] if len(drawn) > 1 and rng.random() < 0.5 else np.full(n, edge)
    main = drawn[0]
    if edge == 0.0 and main.max() > 1 and rng.random() < 0.6:  # only what is past the edge and wrapped
        main, other = np.clip(main - 1, 0, 1), np.zeros(n)
    lines = [np.clip(f, 0, 1) for f in (main, other)]
    lines = [canvas.warp(np.column_stack([track.x0 + wide * f, y])) for f in lines]
    if rng.random() < 0.5:
        lines.reverse()
    fills.shade(rng, canvas, lines[0], lines[1], look.curve_value)


def draw_section(rng, canvas, look, place, top, bottom, las_dir):
    """One stretch of log: all tracks and depth columns from row top to row bottom."""
    tracks, columns = place
    lines = grid.random_grid_style(rng, look.zoom, look.kind == "gray")
    if look.bold:
        lines.embolden(rng)
    phase = top + rng.uniform(0, 50)
    shared = None
    for x0, x1 in tracks:
        track = grid.random_track(rng, x0, x1, top, bottom)
        if look.bold and track.kind != "none":
            track.kind, track.divisions, track.minors = "linear", int(rng.choice((2, 4, 5))), 1
        if shared is not None and rng.random() < 0.5:
            track.kind, track.divisions, track.minors = shared
        shared = (track.kind, track.divisions, track.minors)
        grid.draw_track(rng, canvas, track, lines, phase)
        if rng.random() < 0.15:
            grid.draw_timing_marks(rng, canvas, track, lines)
        draw_curves(rng, canvas, track, look, las_dir)
        if rng.random() < 0.12:  # depths printed inside the track
            columns = columns + [(x0, x1)]
    for x0, x1 in columns:
        step = lines.pitch * lines.heavy_each * rng.choice((1, 2, 5))
        while step < 80 * look.zoom:
            step *= 2
        rows = np.arange(phase, bottom, step)
        marks.depth_numbers(rng, canvas, (x0 + x1) / 2, rows, rng.integers(1, 150) * 100,
                            rng.choice((10, 50, 100)), look.zoom, look.curve_value)


def draw_page(rng, canvas, look, las_dir):
    """Sections of log, with headers, splices and empty paper between them."""
    place = layout(rng, canvas.height, canvas.width, look.zoom)
    y = rng.uniform(-200, 0) if rng.random() < 0.6 else rng.uniform(0, 120)
    while y < canvas.height:
        if rng.random() < 0.2:
            end = y + rng.uniform(80, 320) * look.zoom
            for x0, x1 in place[0]:
                marks.header(rng, canvas, x0, x1, y, end, look.zoom)
            y = end + rng.choice((0.0, rng.uniform(0, 60)))
        end = max(canvas.height + 60, y + 100) if rng.random() < 0.7 else y + rng.uniform(300, 1500)
        draw_section(rng, canvas, look, place, y, end, las_dir)
        y = end + rng.choice((0.0, rng.uniform(5, 40), rng.uniform(40, 200)))
        if rng.random() < 0.5:
            place = layout(rng, canvas.height, canvas.width, look.zoom)
    marks.scatter(rng, canvas, rng.poisson(rng.choice((0.5, 2, 4) if look.clear else (0.5, 3, 10))), look.zoom)


def pale_form(rng, canvas):
    """The form's print is weak here and there, apart from the curves."""
    for name in ("rows", "columns"):
        if rng.random() < 0.25:
            layer = canvas.layer(name)
            share = rng.uniform(0.2, 0.9)
            gain = 255 * (1 - share * (0.5 + 0.5 * wear.field(rng, layer.shape, log_uniform(rng, 20, 500), small=True)))
            canvas.layers[name] = cv2.multiply(layer, wear.upsample(gain, layer.shape), scale=1 / 255)


def scan(rng, canvas, look, ink, reference=None):
    """Canvas ink through copying and scanning. Returns (uint8 [H,W], paper about 0; the curves' own ink)."""
    source = (int(round(canvas.height * look.source)), int(round(canvas.width * look.source)))
    if ink.shape != source:
        ink = cv2.resize(ink, source[::-1], interpolation=cv2.INTER_AREA)
    if not look.crisp and not look.brittle:
        ink = wear.point_spread(rng, ink, 0.0, 0.5 + 0.5 * look.source)
    ink = wear.bands(rng, wear.age(rng, ink, look.hard))
    if reference is None:
        reference = look.curve_value if look.brittle else wear.curve_ink(ink, canvas.labels)
    if look.bilevel:
        ink = wear.binarise(rng, ink, look.hard, reference, look.clear, look.brittle)
        ink = wear.speckle(rng, ink, look.hard)
    else:
        if reference < 90:  # the normalisation would stretch so pale a plot
            ink = cv2.convertScaleAbs(ink, alpha=rng.uniform(90, 200) / reference)
        ink = wear.gray_scan(rng, wear.speckle(rng, ink, look.hard), look.hard)
    ink = wear.normalise(rng, wear.to_output(rng, ink, canvas.height, canvas.width), look.bilevel)
    return ink, reference


def make_page(rng, las_dir=None):
    """Returns (ink uint8 [H,W]: 0 paper .. 255 ink, labels uint8 [3,H,W]: 0/1 per curve class)."""
    ink, canvas = make_scan(rng, las_dir)
    return ink, canvas.labels


def make_scan(rng, las_dir=None, smooth=False):
    """A page's ink and its Canvas, which knows the tracks, the curves' paths that can be seen, and the labels."""
    height, width = int(rng.integers(1000, 2601)), int(rng.integers(350, 901))
    look = random_look(rng, smooth)
    scale = look.source if look.crisp or look.brittle or look.source >= 1.5 else 2 * look.source
    canvas = Canvas(height, width, scale, random_warp(rng, height, width), look.crisp)
    canvas.on_top = ("curves",) if look.bold and rng.random() < 0.6 else ()
    draw_page(rng, canvas, look, las_dir)
    if not look.crisp:
        pale_form(rng, canvas)
    state = rng.bit_generator.state
    ink, reference = scan(rng, canvas, look, canvas.merged())
    rng.bit_generator.state = state  # the same wear again
    without, _ = scan(rng, canvas, look, canvas.merged(leave_out=("curves",)), reference)
    visible.relabel(canvas, visible.inked(ink, without))
    return ink, canvas
