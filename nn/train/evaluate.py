"""Score a checkpoint on synthetic pages that training never draws: fixed seeds of their own.

Per class: precision, recall, F1 and IoU of the mask at probability 0.5; F1 of what lies within NEAR pixels of
the other mask (the buffer method: Wiedemann et al., Empirical evaluation of automatically extracted road axes,
1998), since of lines 4 px thick half of the pixels are rim; and the error of the line's centre, in pixels, over
the rows that the true mask crosses once. Writes JSON.
"""
import argparse
import json

import cv2
import numpy as np
import torch

import checkpoint
from curvenet import forward_folded
from synth import make_page

HELD_OUT = 0x68656C64  # first number of every seed here; training's seeds begin with its own
MAX_ROWS = 1600  # of a page that are scored
CROSSED_ONCE = 12  # px: a true run wider than this is a kick, whose centre says nothing
NEAR = 2  # px: mask so near to the other is no error of tracing
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


def mask_counts(predicted, true):
    """Of two masks bool [H,W]: pixels in both, in each, and of each within NEAR of the other."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * NEAR + 1, 2 * NEAR + 1))
    around = [cv2.dilate(mask.astype(np.uint8), disc) > 0 for mask in (predicted, true)]
    return np.array([(predicted & true).sum(), predicted.sum(), true.sum(), (predicted & around[1]).sum(),
                     (true & around[0]).sum()])


def score(counts, errors):
    hit, predicted, true, predicted_near, true_near = counts
    precision, recall = predicted_near / max(1, predicted), true_near / max(1, true)
    errors = np.array(errors)
    median = float(np.median(errors)) if len(errors) else np.inf
    return {"f1": round(2 * hit / max(1, predicted + true), 4),
            "f1_near": round(2 * precision * recall / max(1e-9, precision + recall), 4),
            "iou": round(hit / max(1, predicted + true - hit), 4),
            "precision": round(hit / max(1, predicted), 4),
            "recall": round(hit / max(1, true), 4),
            "centre_median_px": round(median, 3) if np.isfinite(median) else None,
            "centre_within_1px": round(float((errors <= 1).mean()), 4) if len(errors) else None,
            "centre_lost": round(float(np.isinf(errors).mean()), 4) if len(errors) else None}


def evaluate(path, pages, las_dir=None):
    tensors, config, _ = checkpoint.load(path)
    classes = config.classes
    counts = np.zeros((len(classes), 5))
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
