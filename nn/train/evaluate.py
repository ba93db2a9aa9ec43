"""Score a checkpoint on synthetic pages that training never draws: fixed seeds of their own.

Per class: precision, recall, F1 and IoU of the mask at probability 0.5; F1 of what lies near the other mask
(mask_score.py), since of lines 4 px thick half of the pixels are rim; and the error of the line's centre, in
pixels, over the rows that the true mask crosses once. Writes JSON.
"""
import argparse
import json

import numpy as np
import torch

import checkpoint
from curvenet import forward_folded
from mask_score import COUNTS, mask_counts, mask_score
from synth import make_page

HELD_OUT = 0x68656C64  # first number of every seed here; training's seeds begin with its own
MAX_ROWS = 1600  # of a page that are scored
CROSSED_ONCE = 12  # px: a true run wider than this is a kick, whose centre says nothing
FAR = 12  # px: a prediction further off has missed the line


def held_out_page(index, las_dir):
    ink, labels = make_page(np.random.default_rng([HELD_OUT, index]), las_dir)
    return ink[:MAX_ROWS], labels[:, :MAX_ROWS]


def predict(tensors, config, ink):
    """ink uint8 [H,W] to probabilities [K,H,W]."""
    x = torch.from_numpy(np.ascontiguousarray(ink)).float().div(255)[None, None]
    with torch.no_grad():
        return torch.sigmoid(forward_folded(tensors, config, x))[0].numpy()


def centre_errors(probability, label):
    """Distances of the predicted from the true centre, one per row of `label` [H,W] that holds
    one narrow run; infinite where nothing is predicted near it."""
    columns = np.arange(label.shape[1])
    count = label.sum(1)
    first = label.argmax(1)
    once = (count > 0) & (count <= CROSSED_ONCE)
    once &= (label.shape[1] - label[:, ::-1].argmax(1) - first) == count
    errors = []
    for row in np.flatnonzero(once):
        centre = first[row] + (count[row] - 1) / 2
        near = np.where(np.abs(columns - centre) <= FAR, probability[row], 0)
        near = np.where(near > 0.3, near, 0)
        total = near.sum()
        errors.append(abs((near * columns).sum() / total - centre) if total > 0 else np.inf)
    return errors


def score(counts, errors):
    errors = np.array(errors)
    median = float(np.median(errors)) if len(errors) else np.inf
    return {**mask_score(counts),
            "centre_median_px": round(median, 3) if np.isfinite(median) else None,
            "centre_within_1px": round(float((errors <= 1).mean()), 4) if len(errors) else None,
            "centre_lost": round(float(np.isinf(errors).mean()), 4) if len(errors) else None}


def evaluate(path, pages, las_dir=None):
    tensors, config, _ = checkpoint.load(path)
    classes = config.classes
    counts = np.zeros((len(classes), COUNTS))
    errors = [[] for _ in classes]
    for index in range(pages):
        ink, labels = held_out_page(index, las_dir)
        probabilities = predict(tensors, config, ink)
        for k in range(len(classes)):
            counts[k] += mask_counts(probabilities[k] > 0.5, labels[k] > 0)
            errors[k] += centre_errors(probabilities[k], labels[k])
    result = {name: score(counts[k], errors[k]) for k, name in enumerate(classes)}
    return {"held_out_pages": pages, "las": las_dir is not None, **result}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--checkpoint", default="weights/curvenet.safetensors")
    p.add_argument("--pages", type=int, default=40)
    p.add_argument("--las-dir", help="folder of LAS files, as in training")
    p.add_argument("--out", help="JSON file; default: standard output")
    args = p.parse_args()
    text = json.dumps(evaluate(args.checkpoint, args.pages, args.las_dir), indent=1)
    print(text)
    if args.out:
        with open(args.out, "w") as f:
            f.write(text + "\n")


if __name__ == "__main__":
    main()
