"""Whatever goes wrong says what to do, and what was typed stays."""
import signal

import numpy as np
from PIL import Image

from steps import choose, digitize, load_calibration, take_sample


def problem(page):
    page.wait_for_selector("#problem:not([hidden])", timeout=30000)
    return page.inner_text("#problem")


def test_nothing_chosen(site, open_page):
    page = open_page(site)
    page.click("#digitize-button")
    assert "Choose a scan first" in page.inner_text("#scan-part")


def test_not_a_tiff(site, open_page):
    page = open_page(site)
    page.fill("#depth_top", "100")
    page.set_input_files("#file", files=[{"name": "x.tif", "mimeType": "image/tiff", "buffer": b"no TIFF at all"}])
    assert "TIFF" in problem(page)
    assert page.input_value("#depth_top") == "100"


def test_fields_are_marked(site, open_page):
    page = open_page(site)
    take_sample(page)
    second = page.get_by_label("Depth line 2: depth")
    second.fill("abc")
    page.fill(".left", "")
    page.click("#digitize-button")
    assert "2 fields" in problem(page)
    assert second.get_attribute("aria-invalid") == "true" and second.input_value() == "abc"
    second.fill("6500")
    page.fill(".left", "0")
    page.fill("#step", "-1")
    page.click("#digitize-button")
    page.wait_for_selector('#step[aria-invalid="true"]')
    assert "step" in problem(page)   # the server's own sentence, at its field


def test_server_gone(serve, open_page):
    server = serve()
    page = open_page(server)
    take_sample(page)
    server.stop(signal.SIGTERM)
    page.click("#digitize-button")
    assert "does not answer" in problem(page)
    assert page.input_value(".mnemonic") == "GR"


def test_offline(site, open_page):
    page = open_page(site)
    take_sample(page)
    page.context.set_offline(True)
    page.click("#digitize-button")
    assert "offline" in problem(page)
    page.context.set_offline(False)
    digitize(page)


def test_upload_lost(site, open_page):
    """The server no longer has the scan: it is sent again without a word."""
    page = open_page(site)
    take_sample(page)
    lost = []
    page.route("**/digitize", lambda route: route.continue_() if lost else (lost.append(1), route.fulfill(
        status=404, content_type="application/problem+json", body='{"detail":"There is no such upload.","field":"key"}')))
    digitize(page)
    assert lost


def test_busy_and_faulty(site, open_page):
    page = open_page(site)
    take_sample(page)
    for status, words in ((429, "busy"), (503, "Try again in a few seconds"), (500, "server's fault"), (504, "ran out of time")):
        page.route("**/digitize", lambda route: route.fulfill(status=status, body="<html>proxy</html>"))
        page.click("#digitize-button")
        page.wait_for_function("w => document.querySelector('#problem').textContent.includes(w)", arg=words)
        page.unroute("**/digitize")
    assert page.input_value(".mnemonic") == "GR"


def test_key_wanted(serve, open_page, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("pilot:0123456789abcdef0123\n")
    page = open_page(serve(API_KEYS_FILE=str(keys)))
    page.click("#sample")
    assert "API key" in problem(page)
    page.fill("#api_key", "0123456789abcdef0123")
    digitize(page)


def tall_scan(path):
    """One that keeps the server busy for seconds: speckled all over, so that no tile of it is blank."""
    rng = np.random.default_rng(1)
    Image.fromarray(rng.random((40000, 1200)) > 0.02).save(path, compression="group4", dpi=(200, 200))


def test_cancel(site, open_page, tmp_path):
    tall_scan(tmp_path / "tall.tif")
    page = open_page(site)
    choose(page, str(tmp_path / "tall.tif"))
    calibration = {"depth_unit": "ft", "depth_lines": {"0": 0, "40000": 2000}, "tracks": [
        {"x": [0, 1199], "curves": [{"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150, "scale": "lin", "style": "solid"}]}]}
    load_calibration(page, calibration)
    page.click("#digitize-button")
    assert site.wait_for("jobs_running", 1)
    page.click("#cancel")
    assert "Cancelled" in problem(page)
    assert site.wait_for("jobs_running", 0)
    assert page.is_visible("#digitize-button")
