"""make bench: every target of the engine and the server against what this machine does, as Markdown.

SCANS_DIR names a folder with the scan of 208,888×3,008 pixels; without it that row says "skipped".
"""
import argparse
import os
import platform
import subprocess
import sys
import time

import engine
import lambda_cost
import served
from measure import Bench

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def processor():
    with open("/proc/cpuinfo") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith(("model name", "CPU part"))]
    return f"{os.cpu_count()} × {names[0] if names else platform.machine()}"


def table(b):
    yield "| | target | measured | |"
    yield "| --- | --- | --- | --- |"
    for what, target, measured, met in b.rows:
        yield f"| {what} | {target} | {measured} | {'' if met is None else 'met' if met else '**missed**'} |"


def stage_table(b):
    ms = b.facts["stages"]
    yield "| " + " | ".join(ms) + " |"
    yield "|" + " --- |" * len(ms)
    yield "| " + " | ".join(f"{v:.0f} ms" for v in ms.values()) + " |"


def report(b, took):
    yield f"{processor()}, {engine.THREADS} threads, ONNX Runtime {b.facts['onnx']}, {time.strftime('%Y-%m-%d')}, " \
          f"{took:.0f} s for all of it. Medians.\n"
    yield from table(b)
    yield "\nStages of a request with a 12,800×640 G4 scan:\n"
    yield from stage_table(b)
    yield "\nLambda at list price, one vCPU being one of these cores with AVX2:\n"
    yield from lambda_cost.lines(b)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--build", default="build")
    p.add_argument("--checkpoint", default=os.path.join(ROOT, "weights", "curvenet.safetensors"))
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--out", help="also write the report to this file")
    args = p.parse_args()
    begin = time.monotonic()
    b = Bench(ROOT, args.build, os.path.abspath(args.checkpoint), sys.executable, args.rounds)
    model = b.path("curvenet.onnx")
    subprocess.run([sys.executable, b.tool("onnx_export.py"), b.checkpoint, model], check=True, stderr=subprocess.DEVNULL)
    engine.against_onnx(b, model, engine.SMALL, 1.5, 8, args.rounds)
    engine.against_onnx(b, model, engine.LARGE, 2, 5, 1)
    engine.peak_and_threads(b)
    engine.flatness(b)
    engine.loading(b)
    served.start(b)
    served.stages(b)
    served.tall(b)
    text = "\n".join(report(b, time.monotonic() - begin))
    print("\n" + text)
    if args.out:
        with open(args.out, "w") as f:
            f.write(text + "\n")


if __name__ == "__main__":
    main()
