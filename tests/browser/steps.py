"""What a user does on the page."""
import json


def take_sample(page):
    page.click("#sample")
    page.wait_for_selector("#desk:not([hidden])")
    page.wait_for_selector(".handle")


def digitize(page, timeout=240):
    page.click("#digitize-button")
    page.wait_for_selector("#downloads .button", timeout=timeout * 1000)


def choose(page, path, timeout=60):
    page.set_input_files("#file", path)
    page.wait_for_selector("#desk:not([hidden])", timeout=timeout * 1000)


def load_calibration(page, calibration):
    page.set_input_files("#calibration-file", files=[{"name": "c.json", "mimeType": "application/json",
                                                      "buffer": json.dumps(calibration).encode()}])
    page.wait_for_function("want => document.querySelector('.x0')?.value === want", arg=str(calibration["tracks"][0]["x"][0]))


def download(page, text):
    with page.expect_download() as waiting:
        page.locator("#downloads").get_by_text(text, exact=True).click()
    return waiting.value


def first_paint(page):
    """When the page first showed something, ms; a busy machine has loaded it before it is painted."""
    painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    page.wait_for_function(f"() => {painted} !== undefined")
    return page.evaluate(painted)


def violations(page):
    """What axe-core finds, as short texts."""
    from axe_core_python.sync_playwright import Axe
    found = Axe().run(page)["violations"]
    return [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]]
