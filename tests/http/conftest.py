import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import ROOT, Server, export_checkpoints  # noqa: E402


@pytest.fixture(scope="session")
def binary():
    given = os.environ.get("CURVELOGD")
    if given:
        return os.path.join(ROOT, given)
    subprocess.run(["make", "-s", "all"], cwd=ROOT, check=True)
    return os.path.join(ROOT, "build", "curvelogd")


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    return export_checkpoints(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def weights(checkpoints, tmp_path_factory):
    """A mount with the small network as the default model and the slow one beside it."""
    folder = tmp_path_factory.mktemp("weights")
    os.link(checkpoints / "a.safetensors", folder / "curvenet.safetensors")
    os.link(checkpoints / "slow.safetensors", folder / "slow.safetensors")
    return folder


def draw(width, height, **save):
    """A track with a grid and one wavy curve, as the bytes of a TIFF."""
    picture = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(picture)
    for x in range(0, width, 20):
        pen.line([(x, 0), (x, height)], fill=170)
    for y in range(0, height, 20):
        pen.line([(0, y), (width, y)], fill=170)
    rows = np.arange(height)
    xs = width / 2 + width / 3 * np.sin(rows / 37.0)
    pen.line(list(zip(xs, rows)), fill=0, width=3)
    out = io.BytesIO()
    picture.convert("1").save(out, "TIFF", dpi=(200, 200), **save)
    return out.getvalue()


@pytest.fixture(scope="session")
def scan():
    return draw(160, 320, compression="group4")


@pytest.fixture(scope="session")
def slow_scan():
    """With model=slow: many seconds of work."""
    return draw(640, 12000, compression="group4")


@pytest.fixture
def start(binary, tmp_path, weights):
    """Starts servers that are stopped, and checked to have left well, at the end of the test."""
    running = []

    def begin(weights_dir=weights, **settings):
        folder = tmp_path / f"server{len(running)}"
        folder.mkdir()
        running.append(Server(binary, folder, weights_dir, **settings))
        return running[-1]

    yield begin
    for server in running:
        assert server.stop() == 0, open(server.log_path).read()[-4000:]


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory, weights):
    """One server for a whole module, for tests that leave it as it is."""
    running = Server(binary, tmp_path_factory.mktemp("server"), weights)
    yield running
    assert running.stop() == 0, open(running.log_path).read()[-4000:]
