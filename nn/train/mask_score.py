"""How well masks of curves fit the true ones: counts that add up over pages, and what they come to."""
import cv2
import numpy as np

NEAR = 2  # px: mask so near to the other is no error of tracing
COUNTS = 5


def mask_counts(predicted, true):
    """Of two masks bool [H,W]: pixels in both, in each, and of each within NEAR of the other; [COUNTS]."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * NEAR + 1, 2 * NEAR + 1))
    around = [cv2.dilate(mask.astype(np.uint8), disc) > 0 for mask in (predicted, true)]
    return np.array([(predicted & true).sum(), predicted.sum(), true.sum(), (predicted & around[1]).sum(),
                     (true & around[0]).sum()])


def mask_score(counts):
    """F1, the same of what lies near (the buffer method: Wiedemann et al., Empirical evaluation of automatically
    extracted road axes, 1998), IoU, precision and recall."""
    hit, predicted, true, predicted_near, true_near = counts
    precision, recall = predicted_near / max(1, predicted), true_near / max(1, true)
    return {"f1": round(2 * hit / max(1, predicted + true), 4),
            "f1_near": round(2 * precision * recall / max(1e-9, precision + recall), 4),
            "iou": round(hit / max(1, predicted + true - hit), 4),
            "precision": round(hit / max(1, predicted), 4),
            "recall": round(hit / max(1, true), 4)}
