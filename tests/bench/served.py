"""The server as users run it: its start, its memory, its stages, and tall scans from end to end."""
import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time

import requests

import page
from measure import environment, median

STARTS = 9
TALL = (208888, 3008)      # rows and columns of the scan that SCANS_DIR should have
MEDIAN = (31680, 1314)     # of what archives hold
DECODE, REST = ("decode",), ("trace", "calibrate", "write")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A fresh server process with a store of its own; `ready` waits for the checkpoint, too."""

    def __init__(self, b, **settings):
        self.folder = tempfile.mkdtemp(prefix="bench-")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        env = environment(PORT=str(port), BIND="127.0.0.1", WEIGHTS_DIR=os.path.dirname(b.checkpoint),
                          MODEL=os.path.basename(b.checkpoint).removesuffix(".safetensors"),
                          STORE="dir:" + os.path.join(self.folder, "store"), TMP_DIR=self.folder,
                          STATIC_DIR=os.path.join(b.root, "static"), LOG_LEVEL="warn", **settings)
        begin = time.perf_counter()
        self.process = subprocess.Popen([os.path.join(b.build, "curvelogd")], env=env)
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.perf_counter() - begin > 10:
                    raise SystemExit("bench: the server did not start")
                time.sleep(0.0005)
        self.begin, self.listening = begin, time.perf_counter() - begin

    def ready(self):
        while requests.get(self.url + "/readyz", timeout=10).status_code != 200:
            time.sleep(0.0005)
        return time.perf_counter() - self.begin

    def digitize(self, path, fields):
        with open(path, "rb") as f:
            parts = [(name, (None, str(value))) for name, value in fields] + [("scan", (os.path.basename(path), f))]
            reply = requests.post(self.url + "/digitize", files=parts, timeout=900)
        if reply.status_code != 200:
            raise SystemExit(f"bench: {path}: {reply.text}")
        return reply.json()

    def peak_mb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        shutil.rmtree(self.folder)


def start(b):
    listening, ready = [], []
    for _ in range(STARTS):
        with Server(b) as server:
            listening.append(1e3 * server.listening)
        with Server(b, PRELOAD="1") as server:
            ready.append(1e3 * server.ready())
    b.add("process start to listening", "≤ 30 ms", f"{median(listening):.1f} ms", median(listening) <= 30)
    b.add("process start to the shipped checkpoint read and ready", "≤ 60 ms", f"{median(ready):.1f} ms",
          median(ready) <= 60)


ONE_LOOK = ("second_look", 0)


def fields(height, width):
    """What a user says of a page of page.worn."""
    return [("depth_top", 2000), ("depth_bottom", 2000 + height / 10), ("depth_unit", "ft"),
            ("track", f"60,0,{width - 60},{height}"), *(("curve", c) for c in page.CURVES)]


def seconds(reply, *stages):
    return sum(reply["timing"][s] for s in stages) / 1e3


def stages(b):
    """A G4 scan of the published tallest size: the whole process's memory, and what is not the network."""
    height, width = 12800, 640
    path = page.save_tiff(b.path("page.tif"), page.worn(height, width))
    peaks, replies = [], []
    for _ in range(b.rounds):
        with Server(b) as server:
            # One look for the times: against more, the rest would seem less. More take more memory.
            replies += [server.digitize(path, [*fields(height, width), ONE_LOOK]) for _ in range(2)]
            server.digitize(path, fields(height, width))
            peaks.append(server.peak_mb())
    b.add("12,800×640, peak memory of the whole server process", "≤ 500 MB", f"{max(peaks):.0f} MB", max(peaks) <= 500)
    # Some are told of a cold start only.
    names = [k for k, v in replies[-1]["timing"].items() if not isinstance(v, bool)]
    ms = {k: median(r["timing"][k] for r in replies) for k in names}
    rest = median(seconds(r, *DECODE, *REST) / seconds(r, "forward") for r in replies)
    b.add("12,800×640 G4, decode + normalise + trace + write against forward, one look", "≤ 25 %", f"{100 * rest:.0f} %",
          rest <= 0.25)
    b.facts["stages"] = ms


def find_tall(folder):
    from PIL import Image
    Image.MAX_IMAGE_PIXELS = None
    for path in sorted(glob.glob(os.path.join(folder, "*.tif"))):
        with Image.open(path) as scan:
            if scan.size == TALL[::-1]:
                return path
    return None


def whole_scan(b, name, path, more, limit_mb=None):
    with Server(b) as server:
        begin = time.perf_counter()
        reply = server.digitize(path, more)
        took, peak = time.perf_counter() - begin, server.peak_mb()
    measured = f"{took:.1f} s, {peak:.0f} MB, {reply['timing']['forward'] / 1e3:.1f} s of it forward"
    if limit_mb:
        b.add(name, f"finishes, ≤ {limit_mb} MB", measured, peak <= limit_mb)
    else:
        b.add(name, "–", measured)
    b.facts.setdefault("scans", {})[name] = {"serial": took - seconds(reply, "forward"), "peak": peak,
                                             "forward": seconds(reply, "forward")}


def tall(b):
    height, width = MEDIAN
    path = page.save_tiff(b.path("median.tif"), page.worn(height, width))
    name = f"median archive scan {height:,}×{width:,}"
    whole_scan(b, f"{name}, one look, end to end", path, [*fields(height, width), ONE_LOOK])
    whole_scan(b, f"{name}, all looks, end to end", path, fields(height, width))
    folder = os.environ.get("SCANS_DIR")
    path = folder and find_tall(folder)
    name = f"scan of {TALL[0]:,}×{TALL[1]:,}, end to end"
    if path:
        whole_scan(b, name, path, [], 900)
    else:
        b.add(name, "finishes, ≤ 900 MB", "skipped: SCANS_DIR names no folder that has it")
