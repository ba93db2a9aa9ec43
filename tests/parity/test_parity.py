"""The C engine against PyTorch on the same checkpoint and image: largest difference of the logits."""
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torch")

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = os.environ.get("BUILD", "build")
TOLERANCE = 1e-3
SMALL = ["1x1", "1x95", "95x1", "32x32", "33x47", "97x61", "64x450", "500x320"]
LARGE = ["3200x480", "1501x333"]
MASKS = ["", "avx2", "ref"]


@pytest.fixture(scope="session")
def engine():
    subprocess.run(["make", "-s", f"{BUILD}/parity/forward"], cwd=ROOT, check=True, capture_output=True)
    return ROOT / BUILD / "parity" / "forward"


def reference(checkpoint, sizes, out, *options):
    """Makes images and logits with PyTorch, and with --random the checkpoint."""
    subprocess.run([sys.executable, HERE / "make_reference.py", "--checkpoint", checkpoint, "--sizes",
                    ",".join(sizes), "--out", out, *options], check=True, capture_output=True)


def largest_difference(engine, checkpoint, folder, size, mask=""):
    height, width = map(int, size.split("x"))
    answer = folder / f"{size}.answer.f32"
    subprocess.run([engine, checkpoint, str(height), str(width), folder / f"{size}.ink.u8", answer], check=True,
                   env={**os.environ, "CURVELOG_CPU": mask})
    expected = np.fromfile(folder / f"{size}.logits.f32", "<f4")
    logits = np.fromfile(answer, "<f4")
    answer.unlink()
    assert logits.shape == expected.shape
    return np.abs(logits - expected).max()


NETWORKS = {
    "subpixel": ["--random", "--head", "subpixel"],
    "full": ["--random", "--head", "full"],
    "two_classes": ["--random", "--classes", "solid,dashed", "--seed", "3"],
    "wide": ["--random", "--dim", "192", "--heads", "6", "--mlp", "320"],
    "narrow": ["--random", "--dim", "48", "--heads", "6", "--mlp", "64"],
}


@pytest.fixture(scope="session", params=NETWORKS)
def random_network(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    checkpoint = folder / "random.safetensors"
    reference(checkpoint, SMALL, folder, *NETWORKS[request.param])
    return checkpoint, folder


@pytest.mark.parametrize("size", SMALL)
def test_random_network(engine, random_network, size):
    checkpoint, folder = random_network
    for mask in MASKS:
        assert largest_difference(engine, checkpoint, folder, size, mask) < TOLERANCE


@pytest.fixture(scope="session")
def shipped():
    """The checkpoint that is shipped, whose logits are much larger than a random network's."""
    path = os.environ.get("CHECKPOINT") or next(iter(sorted((ROOT / "weights").glob("*.safetensors"))), None)
    if not path:
        pytest.skip("no checkpoint in weights/ and none named by CHECKPOINT")
    return path


@pytest.mark.parametrize("size", SMALL + LARGE)
def test_shipped_network(engine, shipped, tmp_path, size):
    reference(shipped, [size], tmp_path)
    assert largest_difference(engine, shipped, tmp_path, size) < TOLERANCE
