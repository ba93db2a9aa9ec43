"""Every allocation of a request fails once: the answer is 503, and the server is as well as before."""
import mmap
import os
import struct
import subprocess
import time

import pytest
import requests
from harness import ROOT, Server

FIELDS = [("depth_top", "1000"), ("depth_bottom", "1032"), ("depth_unit", "ft"), ("curve", "GR:GAPI:0:150")]
SETTLE_S = 0.003   # after the answer its log line is still being written, with allocations of its own


class Failing(Server):
    """A server of which the n-th allocation from now on fails, and with `all_after` every one that follows."""

    def __init__(self, binary, folder, weights):
        control = folder / "allocations"
        control.write_bytes(bytes(16))
        with open(control, "r+b") as f:
            self.control = mmap.mmap(f.fileno(), 16)
        super().__init__(binary, folder, weights, FAILING_MALLOC=control, THREADS="2")

    def digitize_failing(self, scan, n, all_after=False, fields=FIELDS):
        """(response, whether the allocation was asked for)"""
        self.control[:] = struct.pack("ll", n, all_after)
        response = self.digitize(scan, fields)
        time.sleep(SETTLE_S)
        left = struct.unpack("ll", self.control[:])[0]
        self.control[:] = bytes(16)
        return response, left <= (1 if all_after else 0)


@pytest.fixture
def failing(tmp_path, checkpoints):
    build = os.environ.get("BUILD", "build")
    subprocess.run(["make", "-s", f"{build}/curvelogd-failing"], cwd=ROOT, check=True)
    (tmp_path / "weights").mkdir()
    os.link(checkpoints / "a.safetensors", tmp_path / "weights" / "curvenet.safetensors")
    server = Failing(os.path.join(ROOT, build, "curvelogd-failing"), tmp_path, tmp_path / "weights")
    yield server
    assert server.stop() == 0, open(server.log_path).read()[-4000:]


def check_refusal(response):
    assert response.status_code == 503, response.text
    assert response.headers["Content-Type"] == "application/problem+json" and int(response.headers["Retry-After"]) > 0
    assert response.json()["status"] == 503 and response.json()["detail"]


@pytest.mark.parametrize("all_after", [False, True])
def test_every_allocation_of_a_request(failing, scan, all_after):
    assert failing.digitize(scan, FIELDS).status_code == 200
    descriptors, refused, n, asked = failing.descriptors(), 0, 0, True
    while asked:
        n += 1
        response, asked = failing.digitize_failing(scan, n, all_after)
        if response.status_code != 200:   # some are not needed: to give memory back, for the log
            check_refusal(response)
            refused += 1
        if n % 10 == 0:
            assert failing.digitize(scan, FIELDS).status_code == 200
    assert response.status_code == 200 and refused > 250
    assert failing.digitize(scan, FIELDS).status_code == 200
    assert failing.staged() == [] and len(os.listdir(failing.tmp)) == 0
    end = time.monotonic() + 5   # a connection is closed a moment after its answer
    while failing.descriptors() > descriptors + 1 and time.monotonic() < end:
        time.sleep(0.05)
    assert failing.descriptors() <= descriptors + 1


def test_allocations_of_a_first_request(failing, scan, checkpoints):
    """A request that reads its checkpoint; tests/unit/test_network_memory.c fails each single one of these."""
    n, asked = 0, True
    while asked:
        n += 29
        name = f"m{n}"
        os.link(checkpoints / "a.safetensors", os.path.join(failing.folder, "weights", name + ".safetensors"))
        fields = [*FIELDS, ("model", name)]
        response, asked = failing.digitize_failing(scan, n, fields=fields)
        if response.status_code != 200:
            check_refusal(response)
        # cJSON does not say why it cannot read a header: the file counts as damaged for a while.
        if "JSON" not in response.text or response.status_code == 200:
            assert failing.digitize(scan, fields).status_code == 200
    assert n > 1000 and requests.get(failing.url + "/readyz", timeout=10).status_code == 200
