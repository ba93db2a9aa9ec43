"""Labels only what can be seen: a curve that drowned in the grid or faded away is not there to be found."""
import cv2
import numpy as np

WINDOW = 60.0  # px along a path, or rows down it
CHANGE = 40  # of 255, what a curve's own ink adds to the scan
REACH = 7  # px around the path
SHARE = (0.25, 0.15, 0.08)  # of the path that shows ink; dashes and dots leave gaps


def runs(keep):
    """First and past-the-last index of the runs of True: two arrays."""
    edges = np.diff(keep.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)


def densified(piece):
    """The same polyline [m,2] with points at most 2 px apart."""
    step = np.diff(piece, axis=0)
    count = np.maximum(1, np.ceil(np.hypot(step[:, 0], step[:, 1]) / 2)).astype(int)
    first = np.cumsum(count) - count
    which = np.repeat(np.arange(len(step)), count)
    t = (np.arange(len(which)) - first[which]) / count[which]
    return np.concatenate([piece[which] + t[:, None] * step[which], piece[-1:]])


def share_around(hit, steps):
    """Mean of `hit` [n] over WINDOW around each point; `steps` [n-1] are the distances between points."""
    at = np.concatenate([[0.0], np.cumsum(steps + 1e-6)])
    total = np.concatenate([[0.0], np.cumsum((steps + 1e-6) * (hit[1:] + hit[:-1]) / 2)])
    low, high = np.maximum(at - WINDOW / 2, 0), np.minimum(at + WINDOW / 2, at[-1])
    return (np.interp(high, at, total) - np.interp(low, at, total)) / (high - low)


def seen_parts(piece, cls, shown):
    """The stretches of a warped path [n,2] around which `shown` (bool [H,W]) has some ink.

    Measured along the path and down the rows: a fast swing that left no ink between its ends is still one.
    """
    if len(piece) < 2:
        return []
    piece = densified(piece)
    x = np.rint(piece[:, 0]).astype(int)
    y = np.rint(piece[:, 1]).astype(int)
    inside = (x >= 0) & (x < shown.shape[1]) & (y >= 0) & (y < shown.shape[0])
    hit = np.zeros(len(piece))
    hit[inside] = shown[y[inside], x[inside]]
    step = np.abs(np.diff(piece, axis=0))
    share = np.maximum(share_around(hit, np.hypot(step[:, 0], step[:, 1])), share_around(hit, step[:, 1]))
    first, last = runs((share >= SHARE[cls]) | ~inside)
    return [piece[a:b] for a, b in zip(first, last)]


def inked(scan, without):
    """Where a scan differs from one `without` the curves: bool [H,W], widened by REACH."""
    shown = cv2.compare(cv2.absdiff(scan, without), CHANGE, cv2.CMP_GT)
    return cv2.dilate(shown, np.ones((REACH, REACH), np.uint8)) > 0


def relabel(canvas, shown):
    """Draws the labels again, of the stretches around which `shown` (bool [H,W]) has some ink."""
    paths, canvas.paths = canvas.paths, []
    canvas.labels[:] = 0
    for cls, pieces in paths:
        canvas.label(cls, [part for piece in pieces for part in seen_parts(piece, cls, shown)])
