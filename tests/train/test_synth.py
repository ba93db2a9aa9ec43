"""The synthetic log generator: what its pages and labels promise."""
import os
import sys

import numpy as np
import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "nn", "train"))

from synth import make_page  # noqa: E402
from synth import curves, kinds, lascurves, page, style, visible, wear  # noqa: E402
from synth.draw import Canvas, Warp  # noqa: E402

LAS = "~V\nVERS. 2.0:\n~W\nNULL. -999.25:\n~C\nDEPT.M :\nGR.GAPI :\nILD.OHMM :\n~A\n" + "".join(
    f"{k} {50 + 30 * np.sin(k / 9):.3f} {-999.25 if k % 50 == 0 else 10 ** (1 + np.sin(k / 30)):.3f}\n"
    for k in range(900))


@pytest.fixture
def las_dir(tmp_path):
    (tmp_path / "a.las").write_text(LAS)
    return str(tmp_path)


def rng(seed):
    return np.random.default_rng(seed)


def centre_rows(mask):
    """Mean column of the mask's pixels per row, NaN where there are none."""
    count = mask.sum(axis=1)
    return np.where(count > 0, (mask * np.arange(mask.shape[1])).sum(axis=1) / np.maximum(count, 1), np.nan)


def draw(cls, points, scale=2.0, warp=None, **changes):
    canvas = Canvas(400, 300, scale, warp or Warp(400, 300))
    how = style.Style(cls, 2.0, 255)
    for name, value in changes.items():
        setattr(how, name, value)
    style.ink_curve(rng(3), canvas, "curves", [canvas.warp(points)], how)
    return canvas


def test_same_seed_same_page(las_dir):
    for seed in range(3):
        first, second = make_page(rng(seed), las_dir), make_page(rng(seed), las_dir)
        assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])
    assert make_page(rng(0))[0].tobytes() != make_page(rng(1))[0].tobytes()


def test_shapes_types_and_ranges():
    for seed in range(8):
        ink, labels = make_page(rng(seed))
        height, width = ink.shape
        assert 1000 <= height <= 2600 and 350 <= width <= 900
        assert ink.dtype == np.uint8 and labels.dtype == np.uint8
        assert labels.shape == (3, height, width) and labels.max() <= 1
        assert np.median(ink) < np.percentile(ink, 99.5)


def test_three_classes_and_empty_pages_occur():
    pages = [make_page(rng([5, k]))[1].any(axis=(1, 2)) for k in range(30)]
    assert np.any(pages, axis=0).all()
    assert any(not p[0] for p in pages)


def test_label_is_a_few_pixels_around_the_true_line():
    y = np.arange(10, 390.0)
    for offset in (0.0, 0.25, 0.5, 0.9):
        x = np.full(len(y), 100 + offset)
        canvas = draw(style.SOLID, np.column_stack([x, y]))
        label = canvas.labels[0][50:350]
        assert abs(centre_rows(label)[0] - x[0]) <= 0.51
        assert np.all((label.sum(axis=1) >= 2) & (label.sum(axis=1) <= 4))
        ink = canvas.merged()[100:700].astype(float)
        at = (ink * np.arange(600)).sum() / ink.sum()
        assert abs((at + 0.5) / 2 - 0.5 - x[0]) < 0.15


def test_ink_and_label_bend_together():
    warp = Warp(400, 300)
    warp.add_skew(0.03)
    warp.add_drift(rng(1), 6, 150)
    warp.add_stretch(rng(2), 0.02, 90)
    warp.add_row_jitter(rng(4), 0.7, 3)
    y = np.arange(20, 380, 0.5)
    canvas = draw(style.SOLID, np.column_stack([150 + 40 * np.sin(y / 25), y]), warp=warp)
    ink = canvas.merged().reshape(400, 2, 300, 2).mean(axis=(1, 3)) > 127
    found, truth = centre_rows(ink)[60:340], centre_rows(canvas.labels[0])[60:340]
    assert np.abs(found - truth).max() < 2
    assert abs(np.mean(found - truth)) < 0.2
    assert canvas.labels[0][ink].mean() > 0.95


@pytest.mark.parametrize("cls,pattern", [(style.DASHED, (12.0, 8.0)), (style.DOTTED, (1.0, 7.0))])
def test_labels_run_through_gaps(cls, pattern):
    y = np.arange(20, 380, 0.5)
    canvas = draw(cls, np.column_stack([150 + 0.2 * y, y]), pattern=pattern)
    inked = canvas.merged()[::2].max(axis=1)[25:375] > 127
    assert canvas.labels[cls][25:375].any(axis=1).all()
    assert 0.1 < inked.mean() < 0.85
    assert not canvas.labels[0].any()


def test_a_kick_is_labelled_across_the_track():
    points = np.array([[50, 10], [50, 200], [250, 201], [250, 390.0]])
    label = draw(style.SOLID, points).labels[0]
    assert label[195:206, 55:245].any(axis=0).all()


def test_what_cannot_be_seen_is_not_labelled():
    y = np.arange(10, 390.0)
    canvas = draw(style.SOLID, np.column_stack([np.full(len(y), 100.0), y]), scale=1.0)
    before = canvas.labels.copy()
    scan, empty = canvas.merged(), canvas.merged(leave_out=("curves",))
    visible.relabel(canvas, visible.inked(scan, empty))
    assert np.array_equal(canvas.labels, before)
    scan[150:155] = 0  # a short gap is bridged
    scan[200:390] = 0
    visible.relabel(canvas, visible.inked(scan, empty))
    assert canvas.labels[0][20:200].any(axis=1).all() and not canvas.labels[0][270:].any()


def test_pieces_stay_on_the_track_and_wrap():
    y = np.arange(1000) / 2
    f = 0.5 + 1.4 * np.sin(y / 40)
    for policy, wraps in (("cut", 0), ("wrap", 2), ("saturate", 0)):
        pieces = curves.split_at_edges(f, y, policy, wraps)
        points = np.concatenate([piece for _, piece in pieces])
        assert points.min() >= 0 and points[:, 0].max() <= 1
        inside = (f > 0.01) & (f < 0.99)
        rows = points[np.isin(points[:, 1], y[inside])]
        assert len(rows) >= inside.sum()
    wrapped = np.concatenate([piece for _, piece in curves.split_at_edges(f, y, "wrap", 2)])
    high = np.argmax(f)
    row = wrapped[wrapped[:, 1] == y[high]]
    assert row[0, 0] == pytest.approx(f[high] - 1)


def test_one_step_over_several_turns_gives_a_piece_per_turn():
    pieces = curves.split_at_edges(np.array([0.5, 2.5]), np.array([0.0, 1.0]), "wrap", 3)
    assert [(k, p[:, 0].tolist()) for k, p in pieces] == [(0, [0.5, 1.0]), (1, [0.0, 1.0]), (2, [0.0, 0.5])]
    back = curves.split_at_edges(np.array([2.5, 0.5]), np.array([0.0, 1.0]), "wrap", 3)
    assert [(k, p[:, 0].tolist()) for k, p in back] == [(2, [0.5, 0.0]), (1, [1.0, 0.0]), (0, [1.0, 0.5])]


def test_an_las_folder_without_curves_is_an_error(tmp_path):
    with pytest.raises(ValueError):
        curves.random_stretch(rng(0), str(tmp_path), 100)


def las_of(*mnemonics, rows):
    """The text of an LAS file; rows of values without the depth, which is their number."""
    names = "".join(f"{name} :\n" for name in ("DEPT.M", *mnemonics))
    body = "".join(f"{k} " + " ".join(f"{v:.5f}" for v in row) + "\n" for k, row in enumerate(rows))
    return f"~V\nVERS. 2.0:\n~W\nNULL. -999.25:\n~C\n{names}~A\n{body}"


def test_curves_of_one_well_come_from_the_same_depths(tmp_path):
    k = np.arange(900)
    gamma, deep = 50 + 30 * np.sin(k / 9), 10 ** (1 + np.sin(k / 30))
    other = np.where(k % 7, 5 + 2 * gamma, -999.25)
    (tmp_path / "a.las").write_text(las_of("GR.GAPI", "X.NONE", rows=zip(gamma, other)))
    (tmp_path / "b.las").write_text(las_of("ILD.OHMM", "ILM.OHMM", rows=zip(deep, 3 * deep)))
    alike = 0
    for seed in range(40):
        first, second = lascurves.random_stretches(rng(seed), str(tmp_path), 300, 2)
        assert len(first) == len(second) == 300
        if np.ptp(first - second) < 1e-3 and abs(first - second).mean() > 0.1:  # one scale: a constant ratio
            alike += 1
        else:
            assert abs(np.corrcoef(first, second)[0, 1]) > 0.999
    assert alike > 3


def test_ruled_lines_are_straight_and_mostly_off_the_grid():
    off, steps = 0, 0
    for seed in range(200):
        x = curves.ruled(rng(seed), 500, 10)
        levels = np.unique(x)
        assert len(x) == 500 and len(levels) <= 3 and 0 < levels.min() and levels.max() < 1
        steps += np.count_nonzero(np.diff(x)) > 0
        off += (np.abs(levels * 10 - np.round(levels * 10)) > 0.19).all()
    assert off > 140
    assert 20 < steps < 80


def test_a_caliper_lies_on_the_bits_size_but_for_washouts():
    for seed in range(20):
        values = np.maximum(0, np.sin(np.arange(800) / 40)) * (1 + 0.1 * np.sin(np.arange(800)))
        size = curves.ruled(rng(seed), 800, 10)
        apart = np.abs(curves.in_gauge(rng(seed), size, values) - size)
        assert np.quantile(apart, 0.1) < 0.03
        assert apart.max() > 0.04


@pytest.mark.parametrize("kind", sorted({f for pair in kinds.PAIRS for f in pair[1:]}, key=lambda f: f.__name__))
def test_every_kind_is_inked_along_its_label(kind):
    y = np.arange(20, 380, 0.5)
    canvas = Canvas(400, 300, 2.0, Warp(400, 300))
    how = kind(rng(7), 1.0, 255)
    style.ink_curve(rng(3), canvas, "curves", [np.column_stack([150 + 30 * np.sin(y / 20), y])], how)
    assert canvas.labels[how.cls][60:340].any(axis=1).all()
    assert [cls for cls in range(3) if canvas.labels[cls].any()] == [how.cls]
    before = canvas.labels.copy()
    visible.relabel(canvas, visible.inked(*(canvas.merged(leave_out=out)[::2, ::2] for out in ((), ("curves",)))))
    assert canvas.labels.sum() > 0.9 * before.sum()


def test_a_high_threshold_breaks_only_thin_lines_that_slant():
    def inked(seed, width, slant):
        x = np.arange(20, 280, 0.5)
        points = np.column_stack([x, 200 + slant * x])
        canvas = draw(style.SOLID, points, scale=1.0, width=width)
        ink = wear.binarise(rng(seed), canvas.merged(), 0.0, 255.0, True, True)
        return (ink[:, 30:270].max(axis=0) > 0).mean()

    thin = [inked(seed, 1.0, 0.1) for seed in range(40)]
    assert sum(0.1 < share < 0.95 for share in thin) > 8
    assert np.mean([inked(seed, 3.0, 0.1) for seed in range(40)]) > 0.99


def test_brittle_pages_occur_and_are_bilevel():
    looks = [page.random_look(rng(seed)) for seed in range(400)]
    brittle = [look for look in looks if look.brittle]
    assert 20 < len(brittle) < 100
    assert all(look.bilevel and not look.crisp for look in brittle)


def test_labels_go_through_scattered_dots():
    y = np.arange(20, 380, 0.5)
    canvas = draw(style.DOTTED, np.column_stack([np.full(len(y), 150.0), y]), pattern=(0.5, 20.0), blob=6.0)
    found = centre_rows(canvas.merged()[::2, ::2] > 127)
    truth = centre_rows(canvas.labels[style.DOTTED])
    assert np.nanstd(truth) > 3
    assert np.nanmedian(np.abs(found - truth)) < 2


def test_a_layer_on_top_hides_the_grid():
    canvas = Canvas(40, 40, 1.0, Warp(40, 40))
    canvas.segments("columns", [(20, 0, 20, 39)], 6, 255)
    canvas.segments("curves", [(0, 20, 39, 20)], 6, 120)
    assert canvas.merged()[20, 20] == 255
    canvas.on_top = ("curves",)
    assert canvas.merged()[20, 20] == 120 and canvas.merged(leave_out=("curves",))[20, 20] == 255


def test_what_wraps_may_hug_the_border():
    hugs = 0
    for seed in range(300):
        x, policy = curves.place(rng(seed), np.sin(np.arange(2000) / 60), 10, False)
        over = x[(x > 1)] - 1
        hugs += policy == "wrap" and 0 < len(over) < 300 and over.max() < 0.06
    assert hugs >= 2
