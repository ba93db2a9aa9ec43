"""What a scan takes and costs on Lambda's sizes, from seconds measured here and list prices.

A vCPU is counted as one core of this machine held to AVX2, which is all that Lambda promises; the network's
part is spread over the vCPUs as the step from one thread to two was measured, the rest is serial.
"""
import os
import re

MB_PER_VCPU = 1769
SIZES = (1769, 3538, 5307, 7076, 8845, 10240)


def price(root, name):
    """The x86 price in server/prices.h, the one place that has it."""
    with open(os.path.join(root, "server", "prices.h")) as f:
        return float(re.findall(rf"#define {name} ([0-9.e-]+)", f.read())[-1])


def lines(b):
    """Markdown rows: size, vCPU, and per scan seconds, GB-seconds and USD."""
    gb_s, request = price(b.root, "PRICE_LAMBDA_GB_S"), price(b.root, "PRICE_LAMBDA_REQUEST")
    serial = max(0.0, 2 / b.facts["speedup"] - 1)   # Amdahl 1967, from two points
    scans = b.facts["scans"]
    yield "| memory | vCPU | " + " | ".join(f"{n.removesuffix(', end to end')}: s | GB-s | USD" for n in scans) + " |"
    yield "| --- | --- |" + " --- | --- | --- |" * len(scans)
    for mb in SIZES:
        cpus, cells = mb / MB_PER_VCPU, []
        for scan in scans.values():
            one = scan["forward"] * b.facts["speedup"] * b.facts["avx2"]
            took = scan["serial"] + one * (serial + (1 - serial) / cpus)
            cells += [f"{took:.1f}", f"{took * mb / 1024:.1f}", f"{took * mb / 1024 * gb_s + request:.6f}"]
        yield f"| {mb:,} MB | {cpus:.2f} | " + " | ".join(cells) + " |"
