"""The evaluation's own arithmetic on answers that are known, and its cases against their truth."""
import os
import sys

import numpy as np
import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import evaluate_server  # noqa: E402
import fit_confidence  # noqa: E402
import make_cases  # noqa: E402

sys.path.insert(0, os.path.join(evaluate_server.ROOT, "tests", "realscans"))
import copies  # noqa: E402
import score_repeat  # noqa: E402

TRUE = 0.5 + 0.3 * np.sin(np.arange(400) / 20)


def test_truth_fed_back_scores_one():
    score = evaluate_server.score_curve(TRUE, TRUE.copy())
    assert score == pytest.approx({"cover": 1, "mae": 0, "p95": 0, "r": 1, "ok1": 1})


def test_a_shift_of_two_percent_is_never_near():
    score = evaluate_server.score_curve(TRUE, TRUE + 0.02)
    assert score == pytest.approx({"cover": 1, "mae": 0.02, "p95": 0.02, "r": 1, "ok1": 0})


def test_nulls_count_against_ok1_but_not_against_the_error():
    got = TRUE.copy()
    got[:100] = np.nan
    score = evaluate_server.score_curve(TRUE, got)
    assert (score["cover"], score["mae"], score["ok1"]) == pytest.approx((0.75, 0, 0.75))


def test_rows_without_truth_do_not_count():
    true, got = TRUE.copy(), TRUE.copy()
    true[:100] = np.nan
    got[:100] = 0
    assert evaluate_server.score_curve(true, got)["ok1"] == 1
    assert evaluate_server.score_curve(true * np.nan, got) is None


def test_no_answer_scores_nothing():
    assert evaluate_server.score_curve(TRUE, TRUE * np.nan) == evaluate_server.ZERO


def test_curves_of_one_style_are_matched_as_they_fit():
    other = 1 - TRUE
    styles = ["solid", "dashed", "solid"]
    assert evaluate_server.matches([TRUE, TRUE, other], [TRUE, other, other], styles) == [0, 1, 2]
    assert evaluate_server.matches([TRUE, TRUE, other], [other, other, TRUE + 0.003], styles) == [2, 1, 0]
    assert evaluate_server.matches([TRUE, other], [TRUE * np.nan, TRUE * np.nan], ["solid"] * 2) == [0, 1]


def test_a_log_scale_counts_in_decades():
    curve = {"left": 0.1, "right": 10.0, "scale": "log"}
    assert evaluate_server.fraction(np.array([0.1, 1.0, 10.0]), curve) == pytest.approx([0, 0.5, 1])
    assert np.isnan(evaluate_server.fraction(np.array([-1.0]), curve)[0])
    reversed_scale = {"left": 40.0, "right": 0.0, "scale": "lin"}
    assert evaluate_server.fraction(np.array([30.0]), reversed_scale) == pytest.approx([0.25])


def test_interpolation_keeps_gaps_and_stops_past_the_ends():
    got = evaluate_server.interpolate(np.arange(5.0), np.array([0, 1, np.nan, 3, 4.0]), np.array([0.5, 1.5, 3.5, 9]))
    assert got[[0, 2]] == pytest.approx([0.5, 3.5])
    assert np.isnan(got[[1, 3]]).all()


def test_masks_are_counted_by_class_at_the_size_of_the_labels():
    labels = np.zeros((3, 40, 60), np.uint8)
    labels[0, :, 10:14] = labels[1, :, 12:16] = 1
    mask = (labels[0] | labels[1] << 1).astype(np.uint8)
    for answer in (mask, np.kron(mask, np.ones((2, 2), np.uint8))):
        counts = evaluate_server.count_masks(answer, labels)
        assert [evaluate_server.mask_score(c)["f1"] for c in counts] == [1, 1, 0]
    counts = evaluate_server.count_masks(labels[0], labels)
    assert [evaluate_server.mask_score(c)["f1"] for c in counts] == [1, 0, 0]
    assert (evaluate_server.count_masks(None, labels) == [[0, 0, n, 0, 0] for n in (160, 160, 0)]).all()


def test_reliability_counts_each_bin():
    confidence = np.array([0.1, 0.92, 0.93, 0.99, 1.0])
    result = evaluate_server.reliability(confidence, np.array([True, False, True, True, True]))
    assert result["over_0.9_within"] == 0.75
    assert result["over_0.9_share"] == 0.8
    assert sum(b["samples"] for b in result["bins"]) == 5
    assert result["bins"][-1]["within"] == 1


@pytest.mark.parametrize("kind", sorted(make_cases.KINDS))
@pytest.mark.parametrize("log", (False, True))
def test_ink_lies_where_the_truth_says(kind, log):
    ink, sidecar, depth, value, labels = make_cases.make_case(7, 1, kind, "clean", log, 400)
    x0, _, x1, height = sidecar["track"]
    assert ink.shape == (400, make_cases.WIDTH) and value.shape == (len(sidecar["curves"]), height)
    assert depth[0] == pytest.approx(sidecar["depth_top"] + 0.05)
    for row, curve in zip(value, sidecar["curves"]):
        f = evaluate_server.fraction(row, curve)
        x = np.rint(x0 + f * (x1 - 1 - x0)).astype(int)
        share = (ink[np.arange(height), x] > 0).mean()
        least = {"solid": 0.5, "dashed": 0.3} if kind == "brittle" else {"solid": 0.98, "dashed": 0.5, "dotted": 0.12}
        assert share > least[curve["style"]]
        label = labels[evaluate_server.CLASSES.index(curve["style"])]
        assert label[np.arange(height), x].mean() > 0.97 or kind == "brittle"


def test_bad_paper_drifts_and_the_truth_does_not():
    _, _, _, clean, _ = make_cases.make_case(7, 2, "solid", "clean", False, 400)
    ink, _, _, bad, _ = make_cases.make_case(7, 2, "solid", "bad", False, 400)
    again, *_ = make_cases.make_case(7, 2, "solid", "bad", False, 400)
    assert (ink == again).all()
    assert clean.min() >= 0 and bad.max() <= 150
    border = ink[:, :make_cases.MARGIN + 20].astype(float)
    columns = np.array([row.nonzero()[0].mean() if row.any() else np.nan for row in border])
    assert np.nanstd(columns) > 0.5


def test_two_curves_of_one_style_are_named_from_left_to_right():
    for seed in range(5):
        _, _, _, value, _ = make_cases.make_case(seed, 0, "two_solid", "clean", False, 400)
        assert value[0].mean() <= value[1].mean()


def test_the_lines_of_a_dump_come_back_and_the_file_goes(tmp_path):
    path = tmp_path / "features"
    lines = [np.arange(6, dtype=np.float32).reshape(3, 2), np.ones((2, 2), np.float32)]
    path.write_bytes(b"".join(np.int32(line.shape).tobytes() + line.tobytes() for line in lines))
    got = fit_confidence.read_features(str(path))
    assert len(got) == 2 and all((a == b).all() for a, b in zip(got, lines))
    assert not path.exists()


def test_lines_are_matched_style_by_style():
    there, null = np.array([np.nan, 0.5]), np.full(2, np.nan)
    styles = ["dotted", "solid", "dashed", "solid"]
    assert fit_confidence.traced_order(styles, [there] * 4) == [1, 3, 2, 0]
    assert fit_confidence.traced_order(styles, [there, there, null, null]) == [1, 0]


def test_a_fit_finds_the_model_that_drew_the_samples():
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(40000), rng.normal(3, 2, 40000), rng.random(40000)])
    near = rng.random(40000) < 1 / (1 + np.exp(-(x @ [-1.0, 0.8, -2.0])))
    assert fit_confidence.fit(x, near) == pytest.approx([-1.0, 0.8, -2.0], abs=0.15)


def test_caution_takes_no_more_than_needed():
    score = np.repeat([1.0, 2.5, 6.0], 100)
    assert fit_confidence.caution(score, np.repeat([False, True, True], 100)) == 0
    assert fit_confidence.caution(score, np.repeat([False, False, True], 100)) == pytest.approx(0.35)


def test_the_table_is_written_in_place(tmp_path):
    path = tmp_path / "model.c"
    path.write_text("enum { A = 1 };\nstatic const float model[2] = {\n    [ONE] = 0.0f,\n    [TWO] = -2.5f,\n};\nint b = 3;\n")
    fit_confidence.write_table(str(path), [-1.25, 3.0])
    assert path.read_text() == ("enum { A = 1 };\nstatic const float model[2] = {\n    [ONE] = -1.2500f,\n"
                                "    [TWO] = 3.0000f,\n};\nint b = 3;\n")
    with pytest.raises(SystemExit):
        fit_confidence.write_table(str(path), [1.0])


def test_two_passes_agree_where_both_have_values_at_one_depth():
    depth = np.arange(100, 140, 0.1)
    value = 0.5 + 0.3 * np.sin(depth)
    shifted = np.where(depth < 130, value + 0.015, np.nan)
    at, scores = score_repeat.compare([(depth, {"GR": value, "DT": value}),
                                       (depth + 10, {"GR": 0.5 + 0.3 * np.sin(depth + 10), "DT": value})], None, None)
    assert (at[0], at[-1]) == pytest.approx((110, 139.9))
    assert scores["GR"] == pytest.approx({"r": 1, "near2": 1, "near1": 1, "null": 0}, abs=1e-3)
    assert scores["DT"]["r"] < 0.9 and scores["DT"]["near2"] < 0.5
    at, scores = score_repeat.compare([(depth, {"GR": value}), (depth, {"GR": shifted})], 120, 135)
    assert (at[0], at[-1]) == pytest.approx((120, 135))
    assert scores["GR"] == pytest.approx({"r": 1, "near2": 1, "near1": 0, "null": 1 / 3}, abs=0.01)
    assert score_repeat.agreement(value * np.nan, value) == {"r": 0.0, "near2": 0.0, "near1": 0.0, "null": 1.0}


def spotted(height=160, width=120, x=70, y=40):
    gray = np.full((height, width), 255, np.uint8)
    gray[y - 2:y + 3, x - 2:x + 3] = 0
    return gray


@pytest.mark.parametrize("kind", [name for name, (lie, _) in copies.KINDS.items() if lie])
def test_what_is_in_a_scan_is_in_its_copy_where_the_points_go(kind):
    gray = spotted()
    matrix = copies.KINDS[kind][0](*gray.shape, 200.0)
    copy = 255.0 - copies.transform(gray, matrix)
    rows, columns = np.indices(copy.shape)
    found = (columns * copy).sum() / copy.sum(), (rows * copy).sum() / copy.sum()
    assert found == pytest.approx(copies.place(matrix, 70, 40), abs=0.3)


@pytest.mark.parametrize("kind", [name for name, (_, wear) in copies.KINDS.items() if wear])
def test_a_worn_copy_is_another_picture_of_the_same_size(kind):
    gray = np.tile(np.repeat(np.uint8([255, 255, 60, 255]), 4), (160, 8))
    worn = copies.KINDS[kind][1](gray, np.random.default_rng(1))
    assert worn.shape == gray.shape and worn.dtype == np.uint8 and (worn != gray).any()
    assert (copies.KINDS[kind][1](gray, np.random.default_rng(1)) == worn).all()


def test_a_mirrored_stretch_has_its_borders_and_points_mirrored():
    stretch = {"rows": [10, 110], "edges": {"0": [20, 100], "60": [20, 100], "200": [27, 107]},
               "curves": [{"name": "GR", "style": "solid", "points": [[30, 25.5]]}]}
    matrix = copies.mirrored(160, 120, 200.0)
    mapped = copies.map_stretch(stretch, lambda x, y: copies.place(matrix, x, y - 10), 160)
    assert mapped["rows"] == [0, 100]
    assert mapped["edges"] == {0: [19, 99], 50: [19, 99], 99: pytest.approx([16.55, 96.55])}
    assert mapped["curves"][0]["points"] == [[20, 93.5]]
