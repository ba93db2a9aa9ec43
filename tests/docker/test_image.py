"""The image, built and run by a real Docker engine; skipped where there is none, or no base image."""
import io
import os
import shutil
import socket
import subprocess
import tarfile
import time

import pytest
import requests
from PIL import Image

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BASE = os.environ.get("DOCKER_BASE", "debian:bookworm-slim")
ADDED_MAX = 60_000_000


def docker(*args, check=True, **more):
    return subprocess.run(["docker", *args], check=check, capture_output=True, text=True, **more)


def size(image):
    return int(docker("image", "inspect", "-f", "{{.Size}}", image).stdout)


def answers():
    return docker("version", check=False).returncode == 0


def import_base(folder):
    """Debian's slim image as nearly as debootstrap makes it."""
    root = os.path.join(folder, "root")
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root], check=True, capture_output=True)
    tar = subprocess.Popen(["tar", "-C", root, "--exclude=./usr/share/doc/*", "--exclude=./usr/share/man/*",
                            "--exclude=./usr/share/locale/*", "--exclude=./var/cache/apt/*",
                            "--exclude=./var/lib/apt/lists/*", "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(["docker", "import", "-", BASE], stdin=tar.stdout, check=True, capture_output=True)
    assert tar.wait() == 0


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """The engine that answers, else one of the tests' own."""
    daemon = None
    if not shutil.which("docker"):
        pytest.skip("docker is not installed")
    if not answers() and shutil.which("dockerd") and os.geteuid() == 0:
        root = tmp_path_factory.mktemp("engine")
        daemon = subprocess.Popen(["dockerd", "--storage-driver", "overlay2", "--iptables=false", "--bridge=none",
                                   "--data-root", str(root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(60):
            if answers():
                break
            time.sleep(0.5)
    try:
        if not answers():
            pytest.skip("no Docker engine answers, and none can be started")
        if docker("image", "inspect", BASE, check=False).returncode and docker("pull", BASE, check=False).returncode:
            if not shutil.which("debootstrap") or os.geteuid():
                pytest.skip(f"the base image {BASE} is not to be had")
            import_base(tmp_path_factory.mktemp("base"))
        yield
    finally:
        if daemon:
            daemon.terminate()
            daemon.wait(60)


@pytest.fixture(scope="module")
def image(engine):
    """Built with the adapter where one is at hand, else without."""
    adapter = os.environ.get("LAMBDA_ADAPTER") or os.path.join(ROOT, "build", "lwa", "bin", "lambda-adapter")
    arguments = ["--target", "server"]
    if os.path.exists(adapter):
        text = io.BytesIO()
        with tarfile.open(fileobj=text, mode="w") as tar:
            tar.add(adapter, "lambda-adapter")
        subprocess.run(["docker", "import", "-", "curvelog-test-adapter"], input=text.getvalue(), check=True,
                       capture_output=True)
        arguments = ["--build-arg", "LWA_IMAGE=curvelog-test-adapter"]
    docker("build", "--network", "host", "-t", "curvelog-test", "--build-arg", "BASE=" + BASE, *arguments, ROOT)
    return "curvelog-test"


@pytest.fixture(scope="module")
def scan():
    out = io.BytesIO()
    picture = Image.new("1", (160, 320), 1)
    for y in range(320):
        for x in (79, 80, 81):
            picture.putpixel((x, y), 0)
    picture.save(out, "TIFF", dpi=(200, 200))
    return out.getvalue()


def export(path, seed):
    subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "nn", "train", "export.py"), "--random", "--seed", str(seed),
                    "--dim", "16", "--heads", "2", "--mlp", "64", "--name", "test", "--out", str(path) + ".new"], check=True)
    os.chmod(str(path) + ".new", 0o644)
    os.replace(str(path) + ".new", path)


@pytest.fixture
def container(image, tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
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


def digitize(url, scan, **fields):
    reply = requests.post(url + "/digitize", files={"scan": ("a.tif", scan, "image/tiff"),
                                                    **{k: (None, v) for k, v in fields.items()}}, timeout=60)
    assert reply.status_code == 200, reply.text
    return reply.json()


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
