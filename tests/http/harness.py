"""Starts the server as a user would, on a free port, with a store and weights of its own."""
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time

import requests

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNSET = ("API_KEYS_FILE", "AWS_LAMBDA_FUNCTION_NAME", "CORS_ORIGIN", "MODEL", "PRELOAD", "DEADLINE_S")


@functools.lru_cache(maxsize=None)
def export_checkpoints(base):
    """Random weights below `base`, made once for all folders of tests: two small networks that answer at once, and
    a wide one that takes its time."""
    folder = base / "checkpoints"
    folder.mkdir()
    for name, dim, seed in (("a", 16, 1), ("b", 16, 2), ("slow", 512, 3)):
        subprocess.run([sys.executable, os.path.join(ROOT, "nn", "train", "export.py"), "--random", "--seed", str(seed),
                        "--dim", str(dim), "--heads", "2", "--mlp", str(4 * dim), "--name", name,
                        "--out", str(folder / (name + ".safetensors"))], check=True)
    return folder


class Server:
    """A running server.  `settings` are environment variables; `stop` gives its exit status."""

    def __init__(self, binary, folder, weights, start_limit=20, **settings):
        self.folder = str(folder)
        self.store = os.path.join(self.folder, "store")
        self.tmp = os.path.join(self.folder, "tmp")
        os.mkdir(self.tmp)
        self.log_path = os.path.join(self.folder, "log")
        env = {k: v for k, v in os.environ.items() if k not in UNSET}
        env.update(PORT="0", BIND="127.0.0.1", WEIGHTS_DIR=str(weights), STORE="dir:" + self.store,
                   STATIC_DIR=os.path.join(ROOT, "static"), THREADS="1", LOG_LEVEL="debug", TMP_DIR=self.tmp)
        env.update({k: str(v) for k, v in settings.items()})
        env.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1")   # else freed memory counts as used
        begin = time.monotonic()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([binary], env=env, stderr=log, stdout=log, cwd=self.folder)
        while True:
            self.port = self._port()
            if self.port:
                break
            if self.process.poll() is not None or time.monotonic() - begin > start_limit:
                raise RuntimeError("the server did not start: " + open(self.log_path).read())
            time.sleep(0.005)
        self.url = f"http://127.0.0.1:{self.port}"

    def _port(self):
        for line in self.log():
            if " listens on " in line["msg"]:
                return int(line["msg"].split(" port ")[1].split(",")[0])
        return None

    def log(self):
        lines = []
        with open(self.log_path) as f:
            for line in f:
                if line.endswith("\n"):
                    lines.append(json.loads(line))
        return lines

    def logged(self, request_id, limit=5):
        """The log line of one request; it is written just after the response."""
        until = time.monotonic() + limit
        while time.monotonic() < until:
            for line in self.log():
                if line["msg"] == "request" and line["id"] == request_id:
                    return line
            time.sleep(0.02)
        raise AssertionError("no log line for " + request_id)

    def get(self, path, **more):
        return requests.get(self.url + path, timeout=60, **more)

    def digitize(self, scan, fields=(), timeout=120, **more):
        """A multipart request; `fields` are (name, value) pairs."""
        parts = [(name, (None, value)) for name, value in fields]
        parts.append(("scan", ("well.tif", scan, "image/tiff")))
        return requests.post(self.url + "/digitize", files=parts, timeout=timeout, **more)

    def metrics(self):
        values = {}
        for line in self.get("/metrics").text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def wait_for(self, metric, value, limit=20):
        until = time.monotonic() + limit
        while time.monotonic() < until:
            if self.metrics()["curvelogd_" + metric] == value:
                return True
            time.sleep(0.05)
        return False

    def visible(self):
        """Names of the results in the store."""
        path = os.path.join(self.store, "results")
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def staged(self):
        path = os.path.join(self.store, ".staging")
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            for line in f:
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) * 1024
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self, number=signal.SIGTERM, limit=60):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


def raw(server, text, then_close=False):
    """Sends bytes as they are and reads all that comes back until the server closes."""
    with server.connect() as s:
        s.sendall(text)
        if then_close:
            s.shutdown(socket.SHUT_WR)
        out = b""
        while True:
            got = s.recv(65536)
            if not got:
                return out
            out += got


def problem(response, status, field=None):
    """Checks that the response is a problem document and returns it."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["title"] and body["type"] and body["detail"]
    assert body["instance"] == response.headers["X-Request-Id"]
    if field:
        assert body.get("field") == field, body
    if status in (429, 503):
        assert int(response.headers["Retry-After"]) > 0
    return body


def events(response):
    """(event, data) pairs of a stream."""
    name = None
    for line in response.iter_lines(chunk_size=1):
        line = line.decode()
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])
