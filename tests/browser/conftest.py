"""The demo page in a real browser: Debian's Chromium, driven by Playwright."""
import os
import shutil
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "http"))
from harness import ROOT, Server  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
SHOTS = os.path.join(ROOT, "build", "screenshots")


def pytest_collection_modifyitems(items):
    here = [item for item in items if str(item.fspath).startswith(HERE)]
    reason = None if CHROMIUM else "Chromium is not installed"
    if not os.path.exists(os.path.join(ROOT, "weights", "curvenet.safetensors")):
        reason = "weights/ has no checkpoint"
    for item in here if reason else []:
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def page_binary():
    if os.environ.get("CURVELOGD"):
        return os.path.join(ROOT, os.environ["CURVELOGD"])
    subprocess.run(["make", "-s", "all"], cwd=ROOT, check=True)
    return os.path.join(ROOT, "build", "curvelogd")


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def serve(page_binary, tmp_path):
    """Starts a server with the shipped checkpoint; its settings are environment variables."""
    running = []

    def begin(**settings):
        folder = tmp_path / f"page{len(running)}"
        folder.mkdir()
        settings.setdefault("THREADS", 2)
        running.append(Server(page_binary, folder, os.path.join(ROOT, "weights"), **settings))
        return running[-1]

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def site(serve):
    return serve()


@pytest.fixture
def open_page(browser):
    """Opens the page of a server; complaints of the browser fail the test."""
    contexts, complaints = [], []

    def begin(server, width=1440, height=900, path="/", dark=False):
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True,
                                      color_scheme="dark" if dark else "light", has_touch=width < 600)
        contexts.append(context)
        context.set_default_timeout(120000)   # a busy machine is slow, not wrong
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if "Content Security Policy" in m.text else None)
        page.goto(server.url + path)
        return page

    yield begin
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def shot():
    """Keeps a screenshot under build/screenshots."""
    os.makedirs(SHOTS, exist_ok=True)
    return lambda page, name, **how: page.screenshot(path=os.path.join(SHOTS, name + ".png"), **how)
