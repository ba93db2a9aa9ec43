"""The corrector's training: its samples come from where a curve is, and a checkpoint keeps what it learns."""
import os
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "nn", "train"))
BUILD = os.environ.get("BUILD", "build")

import checkpoint  # noqa: E402
import corrector  # noqa: E402
import corrector_data  # noqa: E402
from curvenet import Config, CurveNet, fold  # noqa: E402


def test_a_checkpoint_keeps_the_corrector_and_the_network(tmp_path):
    path = str(tmp_path / "x.safetensors")
    tensors = fold(CurveNet(Config(16, 2, 32)).eval())
    checkpoint.save(path, tensors, Config(16, 2, 32), "some", "trained", {"f1": 1})
    for seed in (1, 2):  # the second takes the first one's place
        torch.manual_seed(seed)
        net = corrector.Corrector(1303)
        corrector.put(path, net)
    got, config, about = checkpoint.load(path)
    assert about["corrector"] == list(corrector.HIDDEN) and about["name"] == "some" and about["metrics"] == {"f1": 1}
    assert config.dim == 16
    assert set(got) == set(tensors) | set(net.tensors())
    for key, value in {**tensors, **net.tensors()}.items():
        assert torch.equal(got[key], value)
    for key, value in corrector.of_checkpoint(path).tensors().items():
        assert torch.equal(got[key], value)


def test_samples_say_how_far_a_traced_curve_is_off(tmp_path):
    """Pages traced by the server with the shipped network: most positions are near, and inputs are what is there."""
    subprocess.run(["make", "-s", f"{BUILD}/train/curvelogd-inputs"], cwd=ROOT, check=True, capture_output=True)
    corrector_data.collect(os.path.join(ROOT, BUILD, "train", "curvelogd-inputs"), os.path.join(ROOT, "weights"), None, 9, 16,
                           2, str(tmp_path))
    planes, further, off, page = corrector_data.load(str(tmp_path))
    assert len(off) > 200 and len(set(page)) > 2
    assert planes.shape[1] == corrector_data.PLANES and further.shape[1] == 28
    assert np.all(further[:, 25:].sum(1) == 1)  # one class each
    assert np.abs(further[:, 12]).max() <= 0.05 + 1e-6  # at most half a column from its own pixel, in tens
    assert np.median(np.abs(off)) < 2
    own = planes.reshape(-1, 3, 17, 25)[:, 0]
    assert (own[:, 8, 11:14].max(1) > 64).mean() > 0.9  # the curve's own mask is under it


def test_mirrored_samples_are_off_the_other_way():
    rng = np.random.default_rng(1)
    planes = torch.from_numpy(rng.integers(0, 256, (5, corrector_data.PLANES), dtype=np.uint8))
    further = torch.from_numpy(rng.normal(size=(5, 28)).astype(np.float32))
    off = torch.arange(5.0)
    plain, same = corrector.varied(planes, further, off, False, False, rng)
    flipped, other = corrector.varied(planes, further, off, True, True, rng)
    assert torch.equal(same, off) and torch.equal(other, -off)
    assert torch.equal(plain[:, :850].view(5, 2, 17, 25), flipped[:, :850].view(5, 2, 17, 25).flip((2, 3)))
    assert torch.equal(plain[:, 1275:1300], -flipped[:, 1275:1300].flip(1))
    assert torch.equal(plain[:, 1300:], flipped[:, 1300:]) and plain.shape == (5, 1303)
