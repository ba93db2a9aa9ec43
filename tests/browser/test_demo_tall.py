"""Tall scans: the result of 57,900 rows is there at once, the overview before the tiles."""
import json

import numpy as np
from PIL import Image

from steps import digitize, first_paint, load_calibration, take_sample

ROWS, WIDTH = 57900, 1888

WATCH = """() => {
    window.tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.startTime + e.duration)))
        .observe({ entryTypes: ["longtask"] });
    new MutationObserver((_, observer) => {
        if (!document.querySelector("#downloads .button")) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => (window.drawn = performance.now())));
    }).observe(document.querySelector("#downloads"), { childList: true });
}"""
# The overview may be there for less time than a test takes to look again.
WATCH_OVERVIEW = """() => new MutationObserver(() => {
    window.overviewFirst ||= !document.querySelector("#peek-box").hidden && document.querySelector("#desk").hidden;
}).observe(document.body, { attributeFilter: ["hidden"], subtree: true })"""
READ = """() => {
    const reply = performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/digitize")).at(-1).responseEnd;
    return [drawn - reply, Math.max(drawn, ...tasks.filter((t) => t < drawn + 1000)) - reply];
}"""


def result(tall):
    """What the server would answer: four curves, a sample a row, confidence that comes and goes."""
    rng = np.random.default_rng(5)
    names = ("GR", "CALI", "RHOB", "NPHI")
    scales = ((0, 150), (6, 16), (2, 3), (45, -15))
    table = [np.arange(ROWS) * 0.05]
    for low, high in scales:
        walk = np.cumsum(rng.standard_normal(ROWS)) / 120
        table += [low + (high - low) * (0.5 + 0.4 * np.sin(walk)), rng.random(ROWS // 100 + 1).repeat(100)[:ROWS]]
    header = "DEPT," + ",".join(f"{n},{n}_CONF" for n in names)
    lines = [header, *(",".join(f"{v:.2f}" for v in row) for row in np.column_stack(table))]
    edges = [[y + 0.5, 200, 700] for y in range(0, ROWS, 29)]
    curves = [{"mnemonic": n, "unit": "", "left": s[0], "right": s[1], "scale": "lin", "style": "solid", "samples": ROWS,
               "coverage": 1, "confidence": 0.5} for n, s in zip(names, scales)]
    stages = ("receive", "fetch", "decode", "forward", "trace", "calibrate", "write", "store", "weights", "process", "total")
    reply = {"id": "t", "model": {"name": "curvenet", "title": "curvenet", "sha256": "0" * 64},
             "image": {"name": tall.name, "width": WIDTH, "height": ROWS}, "track": {"x0": 200, "y0": 0, "x1": 701, "y1": ROWS},
             "curves": curves, "depth": {"unit": "ft", "start": 0, "stop": (ROWS - 1) * 0.05, "step": 0.05, "samples": ROWS},
             "warnings": [], "artifacts": {"csv": "/results/t/curves.csv", "edges": "/results/t/edges.json"},
             "timing": {**{s: 1 for s in stages}, "cold_start": False}}
    return reply, "\n".join(lines) + "\n", {"tracks": [{"edges": edges}, {"edges": edges}]}


def calibration():
    def curve(name):
        return {"mnemonic": name, "unit": "", "left": 0, "right": 1, "scale": "lin", "style": "solid"}
    return {"depth_unit": "ft", "depth_lines": {"0": 0, str(ROWS): ROWS * 0.05}, "tracks": [
        {"x": [200, 700], "curves": [curve("GR"), curve("CALI")]}, {"x": [900, 1700], "curves": [curve("RHOB"), curve("NPHI")]}]}


def test_tall_result(site, open_page, shot, tmp_path):
    """No time is asserted: a busy machine is slow, not wrong.  docs and reports take the figures from what this prints."""
    tall = tmp_path / "tall.tif"
    ink = np.random.default_rng(1).random((ROWS // 50, WIDTH)) < 0.01
    Image.fromarray(~np.tile(ink, (50, 1))).save(tall, compression="group4", dpi=(200, 200))
    page = open_page(site)
    paint = first_paint(page)
    page.evaluate(WATCH_OVERVIEW)
    page.set_input_files("#file", str(tall))
    page.wait_for_selector("#desk:not([hidden])")
    assert page.evaluate("window.overviewFirst")   # it was there while tiles were still made
    page.wait_for_function("() => document.querySelector('#peek').naturalHeight > 1000")
    load_calibration(page, calibration())
    reply, csv, edges = result(tall)
    page.route("**/digitize", lambda route: route.fulfill(
        status=200, content_type="text/event-stream", body=f"event: result\ndata: {json.dumps(reply)}\n\n"))
    page.route("**/results/t/curves.csv", lambda route: route.fulfill(status=200, content_type="text/csv", body=csv))
    page.route("**/results/t/edges.json", lambda route: route.fulfill(status=200, content_type="application/json", body=json.dumps(edges)))
    page.evaluate(WATCH)
    digitize(page)
    page.wait_for_function("() => window.drawn")
    page.wait_for_timeout(1500)
    drawn, idle = page.evaluate(READ)
    print(f"first contentful paint {paint:.0f} ms; result of {ROWS:,} rows: curves drawn {drawn:.0f} ms, "
          f"input answered {idle:.0f} ms after the reply")
    assert "57,900 samples" in page.inner_text("#facts") and int(page.inner_text("#doubt-count")) > 100
    page.locator("#doubts button").nth(3).click()
    page.wait_for_timeout(500)
    shot(page, "tall-result-1440")


def value_of(page, changed_from=None):
    """(depth, value) under the point's handle, once it is drawn anew."""
    page.wait_for_function("(old) => document.querySelector('.handle.point').getAttribute('aria-valuetext') !== old",
                           arg=changed_from)
    text = page.locator(".handle.point").get_attribute("aria-valuetext")
    return text, float(text.split()[0]), float(text.split()[2])


def test_keys_and_touch_move_a_point(site, open_page):
    page = open_page(site, width=400, height=900)
    take_sample(page)
    digitize(page)
    page.wait_for_timeout(500)
    page.check("input[name=tool][value=drag]")
    point = page.locator(".handle.point")
    point.focus()
    first, depth, _ = value_of(page)
    page.keyboard.press("ArrowDown")
    second, below, value = value_of(page, first)
    assert below > depth
    page.keyboard.press("Shift+ArrowRight")
    third, same, more = value_of(page, second)
    assert same == below and more > value
    page.keyboard.press("Control+z")
    assert value_of(page, third)[0] == second
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    touch = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def finger(kind, *points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": px, "y": py} for px, py in points]})
    finger("touchStart", (x, y))
    for step in (4, 8, 12):
        finger("touchMove", (x + step, y))
    finger("touchEnd")
    assert value_of(page, second)[2] > value
    assert page.is_enabled("#undo")
