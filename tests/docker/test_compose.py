"""docker compose: a demo with its results in a store that checks signatures, and the warm task beside it."""
import os
import shutil
import socket
import subprocess
import time

import pytest
import requests
from test_image import BASE, ROOT, digitize, engine, export, scan  # noqa: F401

COMPOSE = (["docker", "compose"], ["docker-compose"])


@pytest.fixture(scope="module")
def compose(engine, tmp_path_factory):  # noqa: F811
    command = next((c for c in COMPOSE if shutil.which(c[0]) and
                    subprocess.run([*c, "version"], capture_output=True).returncode == 0), None)
    if not command:
        pytest.skip("docker compose is not installed")
    for port in (8080, 8081, 9000):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"port {port} of the compose file is in use")
    # The compose file beside weights of the test's own.
    folder = tmp_path_factory.mktemp("compose")
    shutil.copy(os.path.join(ROOT, "docker-compose.yml"), folder)
    (folder / "weights").mkdir()
    export(folder / "weights" / "curvenet.safetensors", 1)
    subprocess.run(["docker", "build", "--network", "host", "--build-arg", "BASE=" + BASE, "--target", "server", "-t",
                    "curvelog:compose", ROOT], check=True, capture_output=True)
    subprocess.run(["docker", "build", "--network", "host", "--build-arg", "BASE=" + BASE, "-f",
                    os.path.join(ROOT, "deploy", "store", "Dockerfile"), "-t", "curvelog:store", ROOT], check=True,
                   capture_output=True)

    def run(*args):
        return subprocess.run([*command, "-p", "curvelogtest", "--profile", "warm", *args], cwd=folder, check=True,
                              capture_output=True, text=True, timeout=400)

    try:
        run("up", "-d", "--no-build")
        yield folder, run
    finally:
        run("down", "-v", "-t", "5")


def wait_ready(url):
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            if requests.get(url + "/readyz", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise AssertionError(requests.get(url + "/readyz", timeout=5).text)


@pytest.mark.parametrize("port,state", [(8080, "not loaded yet"), (8081, "loaded")])
def test_results_are_in_the_store(compose, scan, port, state):  # noqa: F811
    url = f"http://localhost:{port}"
    wait_ready(url)
    assert requests.get(url + "/readyz", timeout=5).json()["model"]["state"] == state
    reply = digitize(url, scan)
    assert reply["artifacts"]["csv"].startswith("http://localhost:9000/wells/curvelog/results/")
    table = requests.get(reply["artifacts"]["csv"], timeout=30)
    assert table.status_code == 200 and table.text.startswith("ROW,")
    place = requests.post(url + "/uploads", json={"name": "a.tif"}, timeout=30).json()
    assert requests.put(place["url"], scan, headers=place["headers"], timeout=30).status_code == 200
    by_key = requests.post(url + "/digitize", json={"key": place["key"]}, timeout=60)
    assert by_key.status_code == 200, by_key.text


def test_checkpoint_comes_by_the_one_shot_service(compose, scan):  # noqa: F811
    folder, run = compose
    before = digitize("http://localhost:8080", scan)["model"]["sha256"]
    export(folder / "weights" / "curvenet.safetensors", 2)
    run("run", "--rm", "weights")
    for port in (8080, 8081):
        assert digitize(f"http://localhost:{port}", scan)["model"]["sha256"] != before
