"""The demo scan tool: its picture, its calibration and its truth agree."""
import csv
import json
import os
import sys

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "nn", "train"))

from synth import sample  # noqa: E402


@pytest.mark.parametrize("kind", sorted(sample.KINDS))
def test_truth_lies_on_ink(tmp_path, kind):
    base = sample.write_sample(str(tmp_path), "demo", 7, 600, 500, kind)
    with Image.open(base + ".tif") as image:
        assert image.mode == "1" and image.size == (500, 600)
        assert image.info["compression"] == "group4" and image.info["dpi"] == (200, 200)
        ink = ~np.array(image)
    with open(base + ".json") as file:
        sidecar = json.load(file)
    with open(base + ".csv") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["DEPT"] + [c["mnemonic"] for c in sidecar["curves"]]
    table = np.array(rows[1:], float)
    assert len(table) == 600
    step = (sidecar["depth_bottom"] - sidecar["depth_top"]) / 600
    assert np.allclose(table[:, 0], sidecar["depth_top"] + step * (np.arange(600) + 0.5), atol=1e-4)
    x0, _, x1, _ = sidecar["track"]
    for k, curve in enumerate(sidecar["curves"]):
        fraction = (table[:, k + 1] - curve["left"]) / (curve["right"] - curve["left"])
        x = np.rint(x0 + fraction * (x1 - 1 - x0)).astype(int)
        share = ink[np.arange(600), x].mean()
        assert share > 0.97 if curve["style"] == "solid" else 0.1 < share < 0.9


def test_same_seed_same_files(tmp_path):
    for folder in ("a", "b"):
        sample.write_sample(str(tmp_path / folder), "demo", 3, 300, 400, "pair")
    for end in ("tif", "json", "csv"):
        assert (tmp_path / "a" / f"demo.{end}").read_bytes() == (tmp_path / "b" / f"demo.{end}").read_bytes()
