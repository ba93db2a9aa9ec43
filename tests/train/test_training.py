"""CurveNet's training code: folding, checkpoints, the C operations, resuming."""
import copy
import os
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

TRAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "nn", "train")
sys.path.insert(0, TRAIN)
import checkpoint  # noqa: E402
import fused  # noqa: E402
from curvenet import Config, fold, forward_folded  # noqa: E402
from data import SHAPES, make_batch  # noqa: E402
from evaluate import centre_errors, mask_counts, score  # noqa: E402
from export import mixed, random_model  # noqa: E402

SMALL = dict(dim=32, heads=2, mlp=64)


@pytest.mark.parametrize("head,classes", [("subpixel", ["solid", "dashed", "dotted"]),
                                          ("full", ["solid", "dashed"])])
def test_folded_network_equals_the_trained_one(head, classes):
    config = Config(head=head, classes=classes, **SMALL)
    model = random_model(config, 1)
    x = torch.rand(1, 1, 97, 61)
    with torch.no_grad():
        expected, got = model(x), forward_folded(fold(model), config, x)
    assert got.shape == (1, len(classes), 97, 61)
    assert expected.std() > 0.01
    assert (expected - got).abs().max() < 1e-5


def test_checkpoint_comes_back_as_saved(tmp_path):
    config = Config(**SMALL)
    tensors = fold(random_model(config, 2))
    path = str(tmp_path / "a.safetensors")
    checkpoint.save(path, tensors, config, "a", "random", {"solid": {"f1": 0.5}})
    with open(path, "rb") as f:
        assert (8 + int.from_bytes(f.read(8), "little")) % checkpoint.ALIGN == 0
    got, got_config, about = checkpoint.load(path)
    assert got_config == config and about["metrics"] == {"solid": {"f1": 0.5}}
    assert list(got) == list(tensors)
    assert all(torch.equal(got[k], tensors[k]) for k in tensors)


def test_a_mixed_checkpoint_lies_between_two_and_keeps_the_corrector(tmp_path):
    config = Config(**SMALL)
    mine, other = (fold(random_model(config, seed)) for seed in (3, 4))
    path = str(tmp_path / "other.safetensors")
    checkpoint.save(path, {**other, "corrector1.weight": torch.ones(16, 4), "corrector2.weight": torch.ones(16, 16)},
                    config)
    mix = mixed(mine, config, path, 0.25)
    assert torch.equal(mix["corrector1.weight"], torch.ones(16, 4)) and len(mix) == len(mine) + 2
    assert all(torch.allclose(mix[key], 0.75 * mine[key] + 0.25 * other[key], atol=1e-6) for key in mine)
    with pytest.raises(ValueError, match="other sizes"):
        mixed(mine, Config(dim=64, heads=2, mlp=64), path, 0.5)


def test_changed_byte_is_refused(tmp_path):
    path = str(tmp_path / "a.safetensors")
    checkpoint.save(path, fold(random_model(Config(**SMALL), 2)), Config(**SMALL))
    with open(path, "r+b") as f:
        f.seek(-1, os.SEEK_END)
        last = f.read(1)[0]
        f.seek(-1, os.SEEK_END)
        f.write(bytes([last ^ 1]))
    with pytest.raises(ValueError, match="checksum"):
        checkpoint.load(path)


def test_non_finite_weight_is_not_exported(tmp_path):
    tensors = fold(random_model(Config(**SMALL), 2))
    tensors["head.bias"][0] = float("nan")
    with pytest.raises(ValueError, match="head.bias"):
        checkpoint.save(str(tmp_path / "a"), tensors, Config(**SMALL))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("shapes", sorted(SHAPES))
def test_batches_pair_ink_with_its_labels(shapes):
    rng = np.random.default_rng(1)
    ink = rng.integers(0, 2, (1200, 300), dtype=np.uint8)
    pool = [(ink * 255, np.stack([ink, 0 * ink, ink]))]
    for _ in range(40):
        inks, bits = make_batch(pool, rng, SHAPES[shapes])
        assert (len(inks), *inks.shape[1:]) in [shape[1:] for shape in SHAPES[shapes]]
        assert (np.where(inks == 255, 5, 0) == bits).all()


def test_workers_batches_come_whole_and_differ():
    # In a process of its own: forked workers need one that has not used threads.
    script = ("import data\n"
              "batches = data.Batches([1], None, data.SHAPES['small'], 2, 0.5)\n"
              "got = [batches.next() for _ in range(10)]\n"
              "for ink, bits, made in got:\n"
              "    assert ink.shape == bits.shape and made >= 1\n"
              "    assert bits.max() <= 7 and bits.any() and ink.any()\n"
              "assert len({ink.tobytes() for ink, _, _ in got}) == len(got)\n")
    subprocess.run([sys.executable, "-c", script], env=dict(os.environ, PYTHONPATH=TRAIN), check=True, timeout=120)


def test_centre_errors_are_pixels():
    label = np.zeros((4, 60), np.uint8)
    label[:3, 20:23] = 1
    label[3, 10:50] = 1
    probability = np.zeros((4, 60))
    probability[0, 20:23] = 1
    probability[1, 22:25] = 1
    assert centre_errors(probability, label) == [0, 2, np.inf]


def line(first, end):
    mask = np.zeros((40, 60), bool)
    mask[:, first:end] = True
    return mask


def test_a_mask_beside_the_true_one_is_near_it_within_two_pixels():
    same = score(mask_counts(line(20, 24), line(20, 24)), [])
    assert (same["f1"], same["f1_near"]) == (1, 1)
    thick = score(mask_counts(line(18, 26), line(20, 24)), [])
    assert (thick["f1"], thick["f1_near"]) == (0.6667, 1)
    beside = score(mask_counts(line(24, 28), line(20, 24)), [])
    assert (beside["f1"], beside["f1_near"]) == (0, 0.5)
    far = score(mask_counts(line(40, 44), line(20, 24)), [])
    assert (far["f1"], far["f1_near"]) == (0, 0)


def bfloat16_image(*shape):
    return torch.randn(shape).to(torch.bfloat16).to(memory_format=torch.channels_last)


def relative_errors(mine, theirs):
    return [float((a.float() - b).norm() / b.norm()) for a, b in zip(mine, theirs)]


@pytest.fixture
def fast_operations():
    fused.enable()
    yield
    fused._library = None


@pytest.mark.parametrize("training", [True, False])
def test_fused_norm_equals_pytorchs(fast_operations, training):
    torch.manual_seed(1)
    x = bfloat16_image(2, 32, 17, 23) * 2 + 0.3
    norm = torch.nn.BatchNorm2d(32).train(training)
    norm.weight.data.uniform_(0.5, 1.5)
    norm.running_mean.normal_()
    exact = copy.deepcopy(norm)
    mine, theirs = x.clone().requires_grad_(), x.float().requires_grad_()
    y, y2 = fused.bn_relu(norm, mine), torch.relu(exact(theirs))
    g = bfloat16_image(*y.shape)
    y.backward(g)
    y2.backward(g.float())
    errors = relative_errors(
        (y, mine.grad, norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var),
        (y2, theirs.grad, exact.weight.grad, exact.bias.grad, exact.running_mean,
         exact.running_var))
    assert max(errors[:2]) < 0.01 and max(errors[2:]) < 1e-3


@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_gradients_equal_pytorchs(fast_operations, stride):
    torch.manual_seed(1)
    x = bfloat16_image(2, 32, 17, 23)
    conv = torch.nn.Conv2d(32, 32, 3, stride, 1, groups=32, bias=False)
    exact = copy.deepcopy(conv)
    mine, theirs = x.clone().requires_grad_(), x.float().requires_grad_()
    try:
        y = fused.depthwise(conv, mine)
    except RuntimeError:
        pytest.skip("this PyTorch has no bfloat16 convolution")
    y2 = exact(theirs)
    g = bfloat16_image(*y.shape)
    y.backward(g)
    y2.backward(g.float())
    errors = relative_errors((y, mine.grad, conv.weight.grad),
                             (y2, theirs.grad, exact.weight.grad))
    assert max(errors[:2]) < 0.01 and errors[2] < 1e-3


def test_training_resumes(tmp_path):
    (tmp_path / "synth").mkdir()
    (tmp_path / "synth" / "__init__.py").write_text(
        "import numpy as np\n"
        "def make_page(rng, las_dir=None):\n"
        "    ink = rng.integers(0, 2, (700, 400)).astype(np.uint8)\n"
        "    return ink * 255, np.stack([ink] * 3)\n")
    run = ("import sys, data; sys.path.insert(0, sys.argv.pop(1)); "
           "data.SHAPES['small'][:] = [(1.0, 1, 64, 64)]; data.POOL_PAGES = 8; import train; train.main()")
    state = tmp_path / "state.pt"
    env = dict(os.environ, PYTHONPATH=TRAIN)
    for steps in ("3", "5"):
        done = subprocess.run([sys.executable, "-c", run, str(tmp_path), "--state", str(state),
                               "--steps", steps, "--log-every", "1"],
                              env=env, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    assert "resumed at step 3" in done.stdout
    assert "step 5 " in done.stdout and "step 6 " not in done.stdout
    assert torch.load(state)["step"] == 5
