"""POST /digitize: the ways to ask, and the ways to be answered."""
import csv
import io
import json
import math
import os
import platform

import lasio
import numpy as np
import pytest
import requests
from harness import ROOT, events, problem
from PIL import Image, ImageDraw

DEPTHS = [("depth_top", "1000"), ("depth_bottom", "1032"), ("depth_unit", "ft")]
CURVE = [("curve", "GR:GAPI:0:150")]


def check_reply(reply):
    assert reply["model"]["name"] == "curvenet" and len(reply["model"]["sha256"]) == 64
    assert (reply["image"]["width"], reply["image"]["height"]) == (160, 320)
    assert reply["curves"][0]["mnemonic"] == "GR" and reply["curves"][0]["unit"] == "GAPI"
    assert (reply["curves"][0]["left"], reply["curves"][0]["right"]) == (0, 150)
    assert 0 <= reply["curves"][0]["coverage"] <= 1 and 0 <= reply["curves"][0]["confidence"] <= 1
    assert reply["depth"]["unit"] == "ft" and reply["depth"]["samples"] > 10
    for stage in ("receive", "queue", "weights", "decode", "forward", "trace", "calibrate", "write", "store"):
        assert reply["timing"][stage] >= 0
    assert reply["timing"]["total"] >= reply["timing"]["forward"] > 0
    assert reply["cost"]["usd"] > 0 and reply["cost"]["memory_mb"] > 0
    assert reply["warnings"] == [] or isinstance(reply["warnings"][0], str)


def test_multipart(server, scan):
    response = server.digitize(scan, DEPTHS + CURVE)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/json"
    reply = response.json()
    check_reply(reply)
    assert reply["image"]["name"] == "well.tif"
    assert reply["id"] == response.headers["X-Result-Id"]
    assert {"csv", "json", "las", "mask", "overlay"} <= set(reply["artifacts"])


@pytest.mark.parametrize("kind", ["image/tiff", "application/octet-stream"])
def test_raw_body_with_the_fields_in_the_query(server, scan, kind):
    response = requests.post(server.url + "/digitize", data=scan, headers={"Content-Type": kind},
                             params=DEPTHS + CURVE, timeout=60)
    assert response.status_code == 200, response.text
    check_reply(response.json())


def test_artifacts_are_what_they_say(server, scan):
    artifacts = server.digitize(scan, DEPTHS + CURVE).json()["artifacts"]
    table = server.get(artifacts["csv"])
    assert table.headers["Content-Type"].startswith("text/csv")
    assert next(csv.reader(io.StringIO(table.text)))[:2] == ["DEPT", "GR"]
    las = lasio.read(io.StringIO(server.get(artifacts["las"]).text))
    assert las.curves[1].mnemonic == "GR" and las.curves[1].unit == "GAPI"
    assert all(server.get(path).status_code == 200 for path in artifacts.values())
    for picture in ("overlay", "mask"):
        got = server.get(artifacts[picture])
        assert got.headers["Content-Type"] == "image/png" and got.content.startswith(b"\x89PNG")
    stored = server.get(artifacts["json"]).json()
    assert stored["curves"][0]["mnemonic"] == "GR"


def test_files_are_the_same_for_any_number_of_threads(start, scan):
    answers = []
    for threads in ("1", "2", "3"):
        server = start(THREADS=threads)
        artifacts = server.digitize(scan, DEPTHS + CURVE).json()["artifacts"]
        answers.append({name: server.get(path).content for name, path in artifacts.items() if name != "json"})
    assert {"csv", "las", "overlay", "mask"} <= answers[0].keys()
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("name,accept,kind,begin", [
    ("csv", "text/csv", "text/csv", b"DEPT,GR"),
    ("las", "text/x-las", "text/plain", b"~V"),
    ("png", "image/png", "image/png", b"\x89PNG"),
])
def test_formats_by_field_and_by_accept(server, scan, name, accept, kind, begin):
    by_field = server.digitize(scan, DEPTHS + CURVE + [("format", name)])
    by_accept = server.digitize(scan, DEPTHS + CURVE, headers={"Accept": accept + ";q=0.9, */*;q=0.1"})
    for response in (by_field, by_accept):
        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"].startswith(kind)
        assert response.content.startswith(begin)
        stored = server.get(f"/results/{response.headers['X-Result-Id']}/{'overlay.png' if name == 'png' else 'curves.' + name}")
        assert stored.content == response.content


def test_las_without_depths_is_refused_before_the_work(server, scan):
    problem(server.digitize(scan, CURVE + [("format", "las")]), 422, "depth_top")
    problem(server.digitize(scan, CURVE, headers={"Accept": "text/x-las"}), 422, "depth_top")


def test_no_depths_gives_rows(server, scan):
    reply = server.digitize(scan, CURVE).json()
    assert reply["depth"] is None and "las" not in reply["artifacts"]
    assert server.get(reply["artifacts"]["csv"]).text.startswith("ROW")


def test_repeated_fields_keep_their_order(server, scan):
    fields = DEPTHS + [("curve", "GR:GAPI:0:150"), ("curve", "CALI:IN:6:16")]
    names = [c["mnemonic"] for c in server.digitize(scan, fields).json()["curves"]]
    assert names == ["GR", "CALI"]
    raw = requests.post(server.url + "/digitize", data=scan, headers={"Content-Type": "image/tiff"}, params=fields,
                        timeout=60)
    assert [c["mnemonic"] for c in raw.json()["curves"]] == ["GR", "CALI"]


def test_a_second_look_is_for_tracks_of_several_curves(server, scan):
    def mask(curves, **more):
        artifacts = server.digitize(scan, DEPTHS + curves + list(more.items())).json()["artifacts"]
        return server.get(artifacts["mask"]).content

    two = CURVE + [("curve", "CALI:IN:6:16:lin:dashed")]
    assert mask(two) == mask(two, second_look="1") != mask(two, second_look="0")
    assert mask(CURVE) == mask(CURVE, second_look="0") == mask(two, second_look="0")


def test_thousands_of_depth_lines_and_edges(server, scan):
    lines = [("depth_line", f"{row * 0.06:.2f}:{1000 + row * 0.01:.2f}") for row in range(5000)]
    edges = [("edge", f"{row * 0.06:.2f}:2:157") for row in range(5000)]
    form = server.digitize(scan, lines + edges + CURVE + [("depth_unit", "ft")])
    assert form.status_code == 200, form.text
    query = requests.post(server.url + "/digitize", data=scan, headers={"Content-Type": "image/tiff"},
                          params=lines + CURVE + [("depth_unit", "ft")], timeout=60)
    assert query.status_code == 200, query.text
    assert query.json()["depth"]["stop"] > 1030


def test_event_stream(server, scan):
    with server.digitize(scan, DEPTHS + CURVE, headers={"Accept": "text/event-stream"}, stream=True) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        got = list(events(response))
    assert [name for name, _ in got[:-1]] == ["progress"] * (len(got) - 1) and len(got) > 1
    assert all(0 <= data["fraction"] <= 1 and data["stage"] for _, data in got[:-1])
    name, reply = got[-1]
    assert name == "result"
    check_reply(reply)
    assert server.get(reply["artifacts"]["csv"]).status_code == 200


def test_event_stream_tells_an_error(server):
    with server.digitize(b"not a TIFF at all", CURVE, headers={"Accept": "text/event-stream"}, stream=True) as response:
        got = list(events(response))
    name, data = got[-1]
    assert name == "error" and data["status"] == 415 and data["detail"]


def test_idempotency_key_overwrites_its_own_result(server, scan):
    before = len(server.visible())
    headers = {"Idempotency-Key": "9f1c-retry-of-the-same"}
    first = server.digitize(scan, DEPTHS + CURVE, headers=headers).json()
    table = server.get(first["artifacts"]["csv"]).content
    second = server.digitize(scan, DEPTHS + CURVE, headers=headers).json()
    assert first["id"] == second["id"] and len(server.visible()) == before + 1
    assert server.get(second["artifacts"]["csv"]).content == table
    assert server.digitize(scan, DEPTHS + CURVE).json()["id"] != first["id"]
    problem(server.digitize(scan, CURVE, headers={"Idempotency-Key": "short"}), 422, "Idempotency-Key")


def test_request_id_is_kept_and_logged(server, scan):
    response = server.digitize(scan, DEPTHS + CURVE, headers={"X-Request-Id": "my-own.id_7"})
    assert response.headers["X-Request-Id"] == "my-own.id_7"
    line = server.logged("my-own.id_7")
    assert line["status"] == 200 and line["model"] == "curvenet" and line["result"] == response.json()["id"]
    assert line["stages"]["forward"] > 0 and line["bytes_in"] > len(scan) and line["cold_start"] is False
    odd = server.get("/healthz", headers={"X-Request-Id": "no good, has blanks"})
    assert len(odd.headers["X-Request-Id"]) == 32


def test_cold_start_is_told_once(start, scan):
    server = start()
    first, second = (server.digitize(scan, DEPTHS + CURVE).json()["timing"] for _ in range(2))
    assert first["cold_start"] is True and first["weights"] > 0 and first["process"] > 0 and first["first_touch"] > 0
    assert second["cold_start"] is False and second["weights"] == 0
    assert server.metrics()["curvelogd_cold_starts_total"] == 1


def test_json_body_needs_a_key(server):
    response = requests.post(server.url + "/digitize", json={"curve": "GR:GAPI:0:150"}, timeout=30)
    problem(response, 400, "scan")
    response = requests.post(server.url + "/digitize", data=b"{", headers={"Content-Type": "application/json"}, timeout=30)
    problem(response, 400)


def test_memory_of_lambda_is_what_the_cost_counts(start, scan):
    server = start(AWS_LAMBDA_FUNCTION_MEMORY_SIZE="3008")
    cost = server.digitize(scan, CURVE).json()["cost"]
    assert cost["memory_mb"] == 3008
    price = 0.0000133334 if platform.machine() == "aarch64" else 0.0000166667
    assert cost["usd"] == pytest.approx(cost["seconds"] * 3008 / 1024 * price + 2e-7, rel=1e-2)
    assert "Lambda" in cost["price"] and "us-east-1" in cost["price"]


def test_layout_as_json_field(server, scan):
    layout = {"depth_unit": "m", "rows": [0, 320], "depth_lines": {"0": 100, "319": 110},
              "tracks": [{"x": [2, 157], "curves": [{"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150,
                                                     "scale": "lin", "style": "solid"}]}]}
    reply = server.digitize(scan, [("layout", json.dumps(layout))])
    assert reply.status_code == 200, reply.text
    assert reply.json()["depth"]["unit"] == "m"


def test_a_default_resolution_that_the_lines_do_not_bear_out(server):
    """72 dpi is what software writes that knows none: lines 3 pixels wide are those of a finer scan."""
    picture = Image.new("1", (160, 320), 1)
    for x in range(10, 160, 40):
        ImageDraw.Draw(picture).line((x, 0, x, 319), fill=0, width=3)
    for dpi, doubts in ((72, True), (200, False)):
        out = io.BytesIO()
        picture.save(out, "TIFF", compression="group4", dpi=(dpi, dpi))
        warnings = server.digitize(out.getvalue(), CURVE).json()["warnings"]
        assert any("says that it has 72 dpi" in text for text in warnings) == doubts, warnings


def lean(picture, by):
    """The picture with its rows moved sideways, `by` columns in all, about its middle; the moves."""
    straight = np.array(picture)
    height, width = straight.shape
    askew = np.ones_like(straight)
    moves = [math.floor(by * ((y + 0.5) / height - 0.5) + 0.5) for y in range(height)]
    for row, moved, k in zip(straight, askew, moves):
        moved[max(0, k):width + min(0, k)] = row[max(0, -k):width - max(0, k)]
    return Image.fromarray(askew), moves


def as_tiff(picture):
    out = io.BytesIO()
    picture.save(out, "TIFF", compression="group4", dpi=(200, 200))
    return out.getvalue()


@pytest.fixture
def trained(start):
    return start(os.path.join(ROOT, "weights"))


def test_mask_of_leaning_paper_is_that_of_the_paper_laid_straight(trained):
    height = 320
    picture = Image.new("1", (160, height), 1)
    pen = ImageDraw.Draw(picture)
    for x in range(40, 121, 20):
        pen.line((x, 0, x, height), fill=0)
    pen.line([(80 + 30 * math.sin(y / 37), y) for y in range(height)], fill=0, width=3)
    askew, moves = lean(picture, 40)
    masks = []
    for scan, edges in ((picture, ((0, 0),)), (askew, ((0, -20), (height, 20)))):
        fields = [("track", f"40,0,121,{height}")] + [("edge", f"{row}:{40 + k}:{120 + k}") for row, k in edges]
        reply = trained.digitize(as_tiff(scan), CURVE + fields).json()
        masks.append(np.array(Image.open(io.BytesIO(trained.get(reply["artifacts"]["mask"]).content))))
    back = np.array([row[40 + k:120 + k] for row, k in zip(masks[1], moves)])
    assert len(np.unique(back)) > 1
    assert (back == masks[0][:, 40:120]).all()


def test_a_curve_of_another_style_is_named_and_taken_if_the_style_was_a_guess_or_much_the_same(trained):
    height, left, right = 640, 40, 240
    picture = Image.new("1", (300, height), 1)
    pen = ImageDraw.Draw(picture)
    for x in range(left, right + 1, 20):
        pen.line((x, 0, x, height), fill=0)
    true = np.array([140 + 50 * math.sin(y / 67) for y in range(height)])
    for y in range(0, height, 22):  # dashes of 14 rows
        pen.line(list(zip(true[y:y + 14], range(y, min(height, y + 14)))), fill=0, width=3)

    def ask(*styles):
        fields = [("track", f"{left},0,{right + 1},{height}")] + [
            ("curve", f"C{k}:NONE:0:1" + style) for k, style in enumerate(styles)]
        reply = trained.digitize(as_tiff(picture), fields).json()
        rows = list(csv.reader(io.StringIO(trained.get(reply["artifacts"]["csv"]).text)))[1:]
        values = [np.array([float(row[k + 1]) if row[k + 1] else np.nan for row in rows]) for k in range(len(styles))]
        near = [float((np.abs(v - (true[:len(v)] - left) / (right - left)) < 0.01).mean()) for v in values]
        return near, [text for text in reply["warnings"] if text.startswith("C")]

    near, warnings = ask(":dashed")
    assert near[0] > 0.9 and not warnings
    near, warnings = ask(":dotted")
    assert near[0] > 0.9 and "no dotted curve was found in the track, but a dashed one" in warnings[0]
    near, warnings = ask("")  # solid by order
    assert near[0] > 0.9 and "no solid curve was found in the track, but a dashed one" in warnings[0]
    near, warnings = ask(":solid")
    assert near == [0] and "its values are null" in warnings[0] and "a dashed one is there" in warnings[0]
    near, warnings = ask(":dotted", ":dashed")  # which leaves none
    assert near[0] == 0 and near[1] > 0.9 and len(warnings) == 1 and "not asked for" not in warnings[0]


@pytest.mark.parametrize("given, height, by", [
    (True, 500, 90), (False, 500, 90), *(pytest.param(False, 12000, by, marks=pytest.mark.slow) for by in (240, -240))])
def test_curve_on_leaning_paper_is_read_against_its_track(trained, given, height, by):
    """90 columns in 500 rows, or 240 in 12,000; the track's edges given, or its printed lines followed."""
    left, right = 190, 490
    picture = Image.new("1", (680, height), 1)
    pen = ImageDraw.Draw(picture)
    for x in range(left, right + 1, 15):
        pen.line((x, 0, x, height), fill=0)
    for y in range(0, height, 20):
        pen.line((left, y, right, y), fill=0)
    true = np.array([340 + 90 * math.sin(y / 61) + 15 * math.sin(y / 23) for y in range(height)])
    pen.line(list(zip(true, range(height))), fill=0, width=3)
    askew, moves = lean(picture, by)
    fields = [("track", f"{left + moves[0]},0,{right + 1 + moves[0]},{height}"), ("curve", "GR:NONE:0:1"), ("format", "csv")]
    if given:
        fields += [("edge", f"{y}:{left + k}:{right + k}") for y, k in ((0, -by // 2), (height, by // 2))]
    rows = list(csv.reader(io.StringIO(trained.digitize(as_tiff(askew), fields).text)))[1:]
    at = [min(height - 1, int(float(row[0]))) for row in rows]
    value = np.array([float(row[1] or "nan") for row in rows])
    assert (abs(value - (true[at] - left) / (right - left)) <= 0.01).mean() > 0.95
