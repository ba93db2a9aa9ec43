"""The network alone: against ONNX Runtime, the machine's peak, threads, height, loading."""
import os
import subprocess
import sys
import time

import page
from measure import median, run, run_json

THREADS = 2
SMALL, LARGE = (3200, 480), (12800, 640)
HEIGHTS, FLAT_WIDTH = (3200, 12800, 200000), 640
WIDE_DIM = 1856   # channels of a network whose file has 512 MB


def size(shape):
    return f"{shape[0]:,}×{shape[1]}"


def against_onnx(b, model, shape, target, onnx_runs, rounds):
    """Both in turn, each round in fresh processes; ONNX Runtime's second run is as slow as its first."""
    height, width = shape
    ink = b.ink(f"worn-{height}", lambda: page.worn(height, width))
    hard = b.ink(f"noise-{height}", lambda: page.noise(height, width))
    ours, theirs, noise = [], [], []
    for _ in range(rounds):
        ours.append(b.engine(ink, height, width, THREADS, 6))
        theirs.append(b.onnx(model, ink, height, width, THREADS, onnx_runs))
        noise.append(b.engine(hard, height, width, THREADS, 4))
        ours.append(b.engine(ink, height, width, THREADS, 6))
    b.facts["onnx"] = theirs[0]["version"]

    def first(runs):
        return median(r["run_s"][0] for r in runs)

    def warm(runs, skip):
        return median(s for r in runs for s in r["run_s"][skip:])

    ratio = warm(theirs, 2) / warm(ours, 1)
    b.add(f"{size(shape)}, warm, against ONNX Runtime", f"≥ {target} times",
          f"{ratio:.2f} times ({warm(ours, 1):.3f} s, {warm(theirs, 2):.3f} s)", ratio >= target)
    hard_ratio = warm(theirs, 2) / warm(noise, 1)
    b.add(f"{size(shape)}, warm, noise in place of a log", "–", f"{hard_ratio:.2f} times ({warm(noise, 1):.3f} s)")
    cold = first(theirs) / first(ours)
    answer = [median(r["load_s"] + r["run_s"][0] for r in runs) for runs in (ours, theirs)]
    b.add(f"{size(shape)}, first run in a fresh process", "≥ 10 times",
          f"{cold:.1f} times ({first(ours):.3f} s, {first(theirs):.2f} s)", cold >= 10)
    b.add(f"{size(shape)}, loading and the first run", "–",
          f"{answer[1] / answer[0]:.1f} times ({answer[0]:.3f} s, {answer[1]:.2f} s)")
    b.add(f"{size(shape)}, peak memory of the process", "–",
          f"{max(r['peak_mb'] for r in ours):.0f} MB, ONNX Runtime {max(r['peak_mb'] for r in theirs):,.0f} MB")


def peak_and_threads(b):
    """Share of what sgemm reaches, and two threads against one, both per round."""
    height, width = LARGE
    ink, hard = b.path(f"worn-{height}.u8"), b.path(f"noise-{height}.u8")
    cpus, rounds = os.cpu_count(), []
    for _ in range(b.rounds):
        peak = float(run(b.path("sgemm"), cpus, 1))
        r = {"two": b.engine(ink, height, width, 2, 4), "one": b.engine(ink, height, width, 1, 3)}
        r["all"] = r["two"] if cpus == 2 else b.engine(ink, height, width, cpus, 4)
        r["noise"] = b.engine(hard, height, width, cpus, 3)
        r["avx2"] = b.engine(ink, height, width, 1, 2, CURVELOG_CPU="avx2")
        warm = {k: median(v["run_s"][1:]) for k, v in r.items()}
        work = r["all"]["operations"] / 1e9
        rounds.append({"peak": peak, "share": work / warm["all"] / peak, "noise": work / warm["noise"] / peak,
                       "scale": warm["one"] / warm["two"], "avx2": warm["avx2"] / warm["one"]})
    m = {k: median(r[k] for r in rounds) for k in rounds[0]}
    b.facts.update(speedup=m["scale"], avx2=max(1.0, m["avx2"]))
    b.add(f"{size(LARGE)}, share of the machine's peak (sgemm, {cpus} cores: {m['peak']:.0f} GFLOP/s)", "≥ 70 %",
          f"{100 * m['share']:.0f} %", m["share"] >= 0.7)
    b.add("the same on noise", "–", f"{100 * m['noise']:.0f} %")
    b.add("1 to 2 threads", "≥ 1.85 times", f"{m['scale']:.2f} times", m["scale"] >= 1.85)
    b.add("AVX2 alone, time against all that the processor has", "–", f"{m['avx2']:.2f} times")


def flatness(b):
    ink = b.ink("tiled", lambda: page.tiled(HEIGHTS[-1], FLAT_WIDTH))
    ns = {h: [] for h in HEIGHTS}
    for turn in range(3):
        for h in HEIGHTS:
            if h < 100000 or turn == 1:
                warm = 160000 // (h + 20000)   # about as long for every height, but for the last
                runs = b.engine(ink, h, FLAT_WIDTH, THREADS, 1 + warm, "windows")["run_s"]
                ns[h] += [1e9 * s / (h * FLAT_WIDTH) for s in (runs[1:] or runs)]
    cost = {h: median(v) for h, v in ns.items()}
    spread = max(cost.values()) / min(cost.values()) - 1
    b.add("cost per pixel, " + ", ".join(f"{h:,}" for h in HEIGHTS) + f" rows × {FLAT_WIDTH}", "flat within 15 %",
          f"{100 * spread:.0f} % (" + ", ".join(f"{cost[h]:.0f}" for h in HEIGHTS) + " ns)", spread <= 0.15)


def evict(path):
    with open(path, "rb") as f:
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cache(path):
    with open(path, "rb") as f:
        while f.read(1 << 24):
            pass


def loading(b):
    """A large checkpoint that is not in the page cache, against dd with direct reads."""
    wide = b.path("wide.safetensors")
    if not os.path.exists(wide):
        export = os.path.join(b.root, "nn", "train", "export.py")
        subprocess.run([sys.executable, export, "--random", "--dim", str(WIDE_DIM), "--heads", "8", "--mlp",
                        str(4 * WIDE_DIM), "--name", "wide", "--out", wide + ".part"], check=True)
        os.rename(wide + ".part", wide)
    total, ours, dd, cached = os.path.getsize(wide), [], [], []
    load = [b.path("bench_forward"), wide, "-", "1", "1", str(THREADS), "0"]
    for _ in range(b.rounds):
        evict(wide)
        begin = time.perf_counter()
        subprocess.run(["dd", "if=" + wide, "of=/dev/null", "bs=4M", "iflag=direct", "status=none"], check=True)
        dd.append(time.perf_counter() - begin)
        evict(wide)
        ours.append(run_json(*load)["load_s"])
        cache(wide)   # loading leaves the cache as it was
        cached.append(run_json(*load)["load_s"])
    share = median(d / o for d, o in zip(dd, ours))
    rate = total / 1e6
    b.add(f"checkpoint of {rate:.0f} MB from disk, against dd with direct reads", "≥ 85 %",
          f"{100 * share:.0f} % ({rate / median(ours):,.0f} MB/s, {rate / median(dd):,.0f} MB/s)", share >= 0.85)
    b.add("the same from the page cache", "–", f"{median(cached):.2f} s, {rate / median(cached):,.0f} MB/s")
