"""The image, built and run by a real Docker engine; skipped where there is none, or no base image."""
import time

import pytest
import requests
from containers import BASE, digitize, docker, export, free_port

ADDED_MAX = 60_000_000


def size(image):
    return int(docker("image", "inspect", "-f", "{{.Size}}", image).stdout)


@pytest.fixture
def container(image, tmp_path):
    port = free_port()
    tmp_path.chmod(0o755)
    export(tmp_path / "curvenet.safetensors", 1)
    name = f"curvelog-test-{port}"
    docker("run", "-d", "--name", name, "--network", "host", "--read-only", "--cap-drop", "ALL", "--security-opt",
           "no-new-privileges", "--tmpfs", "/tmp:mode=1777", "--tmpfs", "/data:uid=10001,gid=10001,mode=700", "-v",
           f"{tmp_path}:/mnt/weights:ro", "-e", f"PORT={port}", "-e", "BIND=127.0.0.1", image)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                if requests.get(url + "/healthz", timeout=2).status_code == 200:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield name, url, tmp_path
    finally:
        docker("rm", "-f", name)


def test_image_is_small_and_has_no_weights(image):
    assert size(image) - size(BASE) <= ADDED_MAX
    found = docker("run", "--rm", "--network", "host", "-u", "0", image, "find", "/", "-xdev", "-name", "*.safetensors").stdout
    assert found == ""
    assert docker("image", "inspect", "-f", "{{.Config.User}} {{.Config.Healthcheck.Test}}", image).stdout.startswith(
        "10001:10001 [CMD curvelogd --healthcheck]")


def test_read_only_without_capabilities(container, scan):
    name, url, _ = container
    assert digitize(url, scan)["curves"]
    until = time.monotonic() + 40
    while time.monotonic() < until:
        if docker("inspect", "-f", "{{.State.Health.Status}}", name).stdout.strip() == "healthy":
            break
        time.sleep(1)
    assert docker("inspect", "-f", "{{.State.Health.Status}}", name).stdout.strip() == "healthy"
    begin = time.monotonic()
    docker("stop", "-t", "20", name)
    assert time.monotonic() - begin < 10
    assert docker("inspect", "-f", "{{.State.ExitCode}}", name).stdout.strip() == "0"


def test_checkpoint_is_swapped_on_the_volume(container, scan):
    _, url, mount = container
    first = digitize(url, scan)["model"]["sha256"]
    export(mount / "other.safetensors", 2)
    other = digitize(url, scan, model="other")["model"]["sha256"]
    assert other != first and digitize(url, scan)["model"]["sha256"] == first
    export(mount / "curvenet.safetensors", 3)
    swapped = digitize(url, scan)["model"]["sha256"]
    assert swapped not in (first, other)
