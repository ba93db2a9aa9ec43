"""What a cold start takes: process, readiness, the first request with its weights, the second.

    cold.py BINARY [CHECKPOINT]     needs FUSE and python3-fusepy for the mount of 300 MB/s

The checkpoint (default weights/curvenet.safetensors) and one of 512 MB, of random weights, are read from a
mount limited to what bursting EFS gives.  The wide one gets a small scan: its forward pass is 200 times the
work, and is not what is measured here.
"""
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import requests
from PIL import Image, ImageDraw

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "http"))
from harness import Server  # noqa: E402

MB_PER_S, RUNS = 300, 3
SCANS = {"shipped": (480, 3200), "wide": (160, 160)}   # width, height
WIDE = 1856   # channels of a network of 512 MB


def draw(width, height):
    picture = Image.new("L", (width, height), 255)
    rows = np.arange(height)
    ImageDraw.Draw(picture).line(list(zip(width / 2 + width / 3 * np.sin(rows / 90.0), rows)), fill=0, width=3)
    out = io.BytesIO()
    picture.convert("1").save(out, "TIFF", dpi=(200, 200), compression="group4")
    return out.getvalue()


def mount(folder, place):
    process = subprocess.Popen([sys.executable, os.path.join(ROOT, "tests", "bench", "slow_mount.py"), folder, place,
                                str(MB_PER_S)])
    for _ in range(100):
        if os.path.ismount(place):
            return process
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit("bench-cold needs FUSE: /dev/fuse, and Debian's fuse3 and python3-fusepy")


def run_once(binary, place, folder, scan, name):
    os.makedirs(folder)
    begin = time.monotonic()
    server = Server(binary, folder, place, start_limit=60, THREADS="", MODEL=name)
    try:
        while requests.get(server.url + "/readyz", timeout=10).status_code != 200:
            time.sleep(0.001)
        ready = time.monotonic() - begin
        replies = [requests.post(server.url + "/digitize", files={"scan": ("a.tif", scan)}, timeout=300) for _ in range(2)]
        for reply in replies:
            if reply.status_code != 200:
                raise SystemExit(reply.text)
        first, second = (reply.json()["timing"] for reply in replies)
        return {"ready": ready * 1e3, "process": first["process"], "weights": first["weights"],
                "first": first["total"], "second": second["total"],
                "first_touch": first["first_touch"]}
    finally:
        server.stop()


def measure(binary, place, work, name):
    scan = draw(*SCANS[name])
    runs = [run_once(binary, place, os.path.join(work, f"{name}{i}"), scan, name) for i in range(RUNS)]
    result = {key: round(statistics.median(run[key] for run in runs), 1) for key in runs[0]}
    print(f"{name:10s} " + "  ".join(f"{key} {value:9.1f} ms" for key, value in result.items()), flush=True)
    return result


def main():
    binary = os.path.abspath(sys.argv[1])
    checkpoint = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, "weights", "curvenet.safetensors")
    work = tempfile.mkdtemp(prefix="cold-")
    folder, place = os.path.join(work, "weights"), os.path.join(work, "mount")
    os.mkdir(folder)
    os.mkdir(place)
    shutil.copy(checkpoint, os.path.join(folder, "shipped.safetensors"))
    subprocess.run([sys.executable, os.path.join(ROOT, "nn", "train", "export.py"), "--random", "--seed", "1", "--dim",
                    str(WIDE), "--heads", "8", "--mlp", str(4 * WIDE), "--name", "wide", "--out",
                    os.path.join(folder, "wide.safetensors")], check=True)
    slow = mount(folder, place)
    try:
        results = {}
        for name in SCANS:
            size = os.path.getsize(os.path.join(folder, name + ".safetensors"))
            print(f"{name}: {size / 1e6:.1f} MB, at {MB_PER_S} MB/s at least {size / MB_PER_S / 1e3:.0f} ms")
            results[name] = {"bytes": size, **measure(binary, place, work, name)}
        print(json.dumps(results))
    finally:
        subprocess.run(["fusermount3", "-u", place])
        slow.wait()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
