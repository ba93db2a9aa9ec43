"""OpenStack Swift as the S3-compatible store of the tests, and its users."""
import atexit
import functools
import os
import shutil
import signal
import socket
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEY, SECRET = "logs:demo", "0123456789"
GUEST, GUEST_SECRET = "logs:guest", "guest-secret"
NEEDED = ("swift-proxy-server", "swift-account-server", "swift-container-server", "swift-object-server", "memcached")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@functools.lru_cache(maxsize=None)
def shared_swift(base):
    """One store for all folders of tests: it takes its time to start.  Skips where it is not installed."""
    missing = [n for n in NEEDED if not shutil.which(n, path=os.environ["PATH"] + ":/usr/sbin:/usr/bin")]
    if missing:
        pytest.skip("no S3-compatible store: not installed: " + ", ".join(missing))
    folder = base / "swift"
    folder.mkdir()
    store = Swift(folder, free_port())
    atexit.register(store.stop)
    return store


class Swift:
    def __init__(self, folder, port):
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(ROOT, "deploy", "store", "swift_s3.py"), str(folder), "--port", str(port),
             "--bucket", "wells", "--key", KEY, "--secret", SECRET, "--guest", GUEST, GUEST_SECRET, "--domain",
             "localhost"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if "ready" not in line:
            raise RuntimeError("the S3-compatible store did not start: " + line)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
