"""What the tests of containers share: the engine's command line, base image, checkpoints, requests."""
import os
import socket
import subprocess
import time

import pytest
import requests

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BASE = os.environ.get("DOCKER_BASE", "debian:bookworm-slim")
BASE_TAR = os.path.join(ROOT, "build", "docker", "bookworm-slim.tar")
LIMIT_S = float(os.environ.get("DOCKER_LIMIT_S", 180))   # for the setting up; past it the tests are skipped


class Setup:
    """What is left of the time for base image and builds, which a slow mirror must not use up the day for."""

    def __init__(self):
        self.until = time.monotonic() + LIMIT_S

    def run(self, *command, **more):
        try:
            done = subprocess.run(command, capture_output=True, timeout=max(1, self.until - time.monotonic()), **more)
        except subprocess.TimeoutExpired:
            pytest.skip(f"setting up took longer than {LIMIT_S:.0f} s (DOCKER_LIMIT_S)")
        if done.returncode:
            pytest.fail(f"{command}: " + done.stderr.decode(errors="replace")[-2000:], pytrace=False)

    def build(self, tag, *arguments):
        self.run("docker", "build", "--network", "host", "--build-arg", "BASE=" + BASE, "-t", tag, *arguments, ROOT)


def docker(*args, check=True, **more):
    return subprocess.run(["docker", *args], check=check, capture_output=True, text=True, **more)


def answers():
    return docker("version", check=False, timeout=20).returncode == 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def import_base(setup, folder):
    """Debian's slim image as nearly as debootstrap makes it; kept for the next run."""
    if not os.path.exists(BASE_TAR):
        root = os.path.join(folder, "root")
        setup.run("debootstrap", "--variant=minbase", "bookworm", root)
        os.makedirs(os.path.dirname(BASE_TAR), exist_ok=True)
        setup.run("tar", "-C", root, "--exclude=./usr/share/doc/*", "--exclude=./usr/share/man/*",
                  "--exclude=./usr/share/locale/*", "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*",
                  "-cf", BASE_TAR + ".new", ".")
        os.replace(BASE_TAR + ".new", BASE_TAR)
    setup.run("docker", "import", BASE_TAR, BASE)


def start_engine(folder):
    """An engine apart from any other: its own socket, state and data."""
    os.environ["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    daemon = subprocess.Popen(["dockerd", "--storage-driver", "overlay2", "--iptables=false", "--bridge=none",
                               "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile",
                               f"{folder}/pid", "-H", os.environ["DOCKER_HOST"]],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while daemon.poll() is None and not answers() and time.monotonic() < until:
        time.sleep(0.5)
    return daemon


def export(path, seed):
    subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "nn", "train", "export.py"), "--random", "--seed", str(seed),
                    "--dim", "16", "--heads", "2", "--mlp", "64", "--name", "test", "--out", str(path) + ".new"], check=True)
    os.chmod(str(path) + ".new", 0o644)
    os.replace(str(path) + ".new", path)


def digitize(url, scan, **fields):
    reply = requests.post(url + "/digitize", files={"scan": ("a.tif", scan, "image/tiff"),
                                                    **{k: (None, v) for k, v in fields.items()}}, timeout=60)
    assert reply.status_code == 200, reply.text
    return reply.json()
