"""onnx_forward.py MODEL INK HEIGHT WIDTH THREADS RUNS: times ONNX Runtime as bench_forward times the engine.

Prints one JSON object: seconds of loading and of each run, and the peak of resident memory in MB.
"""
import json
import sys
import time

import numpy as np
import onnxruntime


def main():
    model, ink = sys.argv[1:3]
    height, width, threads, runs = map(int, sys.argv[3:7])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    begin = time.perf_counter()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    loaded = time.perf_counter() - begin
    x = np.fromfile(ink, np.uint8, height * width).reshape(1, 1, height, width).astype(np.float32) / 255
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        session.run(None, {"ink": x})
        seconds.append(round(time.perf_counter() - begin, 4))
    with open("/proc/self/status") as f:
        peak = next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM"))
    print(json.dumps({"version": onnxruntime.__version__, "load_s": loaded, "run_s": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main()
