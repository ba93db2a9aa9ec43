"""docker compose: a demo with its results in a store that checks signatures, and the warm task beside it."""
import os
import shutil
import subprocess
import time

import pytest
import requests
from containers import ROOT, digitize, docker, export, free_port

COMPOSE = (["docker", "compose"], ["docker-compose"])
PORTS = {"SERVER_PORT": free_port(), "WARM_PORT": free_port(), "STORE_PORT": free_port()}


def has_bridges():
    """Compose's services reach each other over a bridge, which a kernel may lack."""
    made = docker("network", "create", "curvelogtest-probe", check=False).returncode == 0
    docker("network", "rm", "curvelogtest-probe", check=False)
    return made


@pytest.fixture(scope="module")
def compose(engine, tmp_path_factory):
    command = next((c for c in COMPOSE if shutil.which(c[0]) and
                    subprocess.run([*c, "version"], capture_output=True).returncode == 0), None)
    if not command:
        pytest.skip("docker compose is not installed")
    if not has_bridges():
        pytest.skip("the engine cannot make a bridge network")
    # The compose file beside weights of the test's own.
    folder = tmp_path_factory.mktemp("compose")
    shutil.copy(os.path.join(ROOT, "docker-compose.yml"), folder)
    (folder / "weights").mkdir()
    export(folder / "weights" / "curvenet.safetensors", 1)
    engine.build("curvelog:compose", "--target", "server")
    engine.build("curvelog:store", "-f", os.path.join(ROOT, "deploy", "store", "Dockerfile"))
    env = {**os.environ, **{name: str(port) for name, port in PORTS.items()}}

    def run(*args):
        return subprocess.run([*command, "-p", "curvelogtest", "--profile", "warm", *args], cwd=folder, check=True,
                              capture_output=True, text=True, timeout=120, env=env)

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


@pytest.mark.parametrize("port,state", [("SERVER_PORT", "not loaded yet"), ("WARM_PORT", "loaded")])
def test_results_are_in_the_store(compose, scan, port, state):
    url = f"http://localhost:{PORTS[port]}"
    wait_ready(url)
    assert requests.get(url + "/readyz", timeout=5).json()["model"]["state"] == state
    reply = digitize(url, scan)
    assert reply["artifacts"]["csv"].startswith(f"http://localhost:{PORTS['STORE_PORT']}/wells/curvelog/results/")
    table = requests.get(reply["artifacts"]["csv"], timeout=30)
    assert table.status_code == 200 and table.text.startswith("ROW,")
    place = requests.post(url + "/uploads", json={"name": "a.tif"}, timeout=30).json()
    assert requests.put(place["url"], scan, headers=place["headers"], timeout=30).status_code == 200
    by_key = requests.post(url + "/digitize", json={"key": place["key"]}, timeout=60)
    assert by_key.status_code == 200, by_key.text


def test_checkpoint_comes_by_the_one_shot_service(compose, scan):
    """Swapped on the volume: both answer with the new one, and with a second model beside it, none restarted."""
    folder, run = compose
    urls = [f"http://localhost:{PORTS[name]}" for name in ("SERVER_PORT", "WARM_PORT")]
    before = digitize(urls[0], scan)["model"]["sha256"]
    export(folder / "weights" / "curvenet.safetensors", 2)
    export(folder / "weights" / "other.safetensors", 3)
    run("run", "--rm", "weights")
    for url in urls:
        after, other = (digitize(url, scan, **fields)["model"]["sha256"] for fields in ({}, {"model": "other"}))
        assert len({before, after, other}) == 3
