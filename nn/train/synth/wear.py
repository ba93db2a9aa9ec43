"""What copying, ageing and scanning do to a page, and the server's normalisation of it."""
import cv2
import numpy as np

from .draw import log_uniform, smooth_noise


BAYER = np.array([[8, 136, 40, 168], [200, 72, 232, 104], [56, 184, 24, 152], [248, 120, 216, 88]], np.uint8)


def noise_bytes(rng, shape):
    """Uniform bytes, uint8 of `shape`; much cheaper than normal deviates."""
    return np.frombuffer(rng.bytes(shape[0] * shape[1]), np.uint8).reshape(shape)


def field(rng, shape, period, small=False):
    """Smooth noise over the page, about -1..1, float32 of `shape`, or of a fourth of it."""
    if small:
        shape, period = (shape[0] // 4 + 1, shape[1] // 4 + 1), period / 4
    knots = rng.uniform(-1, 1, (int(shape[0] / period) + 3, int(shape[1] / period) + 3)).astype(np.float32)
    return cv2.resize(knots, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def age(rng, ink, hard):
    """Fading, stains, streaks, folds on gray ink [H,W] uint8; returns uint8."""
    h, w = ink.shape
    if rng.random() < 0.6:  # ink that fades here and there
        share = rng.uniform(0.03, 0.3) * hard
        gain = 255 * (1 - share * (0.5 + 0.5 * field(rng, ink.shape, log_uniform(rng, 20, 600), small=True)))
        ink = cv2.multiply(ink, upsample(gain, ink.shape), scale=1 / 255)
    if rng.random() < 0.2:  # bands of weak ribbon or lamp
        band = np.interp(np.arange(h), np.linspace(0, h, 12), rng.uniform(0, 1, 12) ** 3)
        gain = 255 * (1 - rng.uniform(0.1, 0.6) * hard * band)
        ink = cv2.multiply(ink, np.repeat(gain.clip(0, 255).astype(np.uint8)[:, None], w, 1), scale=1 / 255)
    if rng.random() < 0.25 * hard:  # stains and uneven light
        stain = rng.uniform(5, 70) * np.maximum(0, field(rng, ink.shape, log_uniform(rng, 80, 800), small=True))
        ink = cv2.add(ink, upsample(stain, ink.shape))
    if rng.random() < 0.12 * hard:  # a side that goes dark
        ramp = rng.uniform(60, 200) * np.exp(-np.arange(w) / (rng.uniform(0.03, 0.25) * w))
        dark = ramp * (1 + rng.uniform(0.1, 0.5) * smooth_noise(rng, h, rng.uniform(40, 400))[:, None])
        dark = dark[:, ::-1] if rng.random() < 0.5 else dark
        ink = cv2.add(ink, upsample(dark, ink.shape))
    for _ in range(rng.poisson(0.5 * hard)):  # streaks
        if rng.random() < 0.6:
            x, t = rng.integers(w), int(rng.integers(1, 5))
            _shift(ink[:, x:x + t], rng.uniform(-150, 150) * rng.choice((1, 0.3)))
        else:
            y, t = rng.integers(h), int(rng.integers(1, 6))
            _shift(ink[y:y + t, rng.integers(w // 2):], rng.uniform(-250, 150))
    for _ in range(rng.poisson(0.3 * hard)):  # folds
        y, t = rng.integers(h), rng.uniform(2, 14)
        y0, y1 = max(0, int(y - 50)), min(h, int(y + 50))
        rows = np.arange(y0, y1, dtype=np.float32)[:, None]
        bend = np.float32(rng.uniform(-0.02, 0.02)) * np.arange(w, dtype=np.float32)
        _shift(ink[y0:y1], rng.uniform(-200, 80) * np.exp(-((rows - y - bend) / t) ** 2))
    return ink


def _shift(part, amount):
    part[...] = np.clip(part + amount, 0, 255)


def upsample(knots, shape):
    """A coarse map to uint8 of `shape`."""
    knots = np.clip(knots, 0, 255).astype(np.uint8)
    return cv2.resize(knots, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def point_spread(rng, ink, low, high):
    sigma = rng.uniform(low, high)
    return cv2.GaussianBlur(ink, (0, 0), sigma) if sigma > 0.25 else ink


def curve_ink(ink, labels):
    """The ink that curves still have at their centre lines: uint8 [H,W] and labels [3,H',W'], 0..255."""
    found = []
    for mask, quantile in zip(labels, (0.5, 0.8, 0.92)):  # dashes and dots leave gaps
        y, x = np.nonzero(mask[::4])
        if len(y) > 30:
            at = ((4 * y + 0.5) * ink.shape[0] / mask.shape[0]).astype(int).clip(0, ink.shape[0] - 1)
            found.append(np.quantile(ink[at, ((x + 0.5) * ink.shape[1] / mask.shape[1]).astype(int)], quantile))
    return max(24.0, float(min(found))) if found else 180.0


def binarise(rng, ink, hard, reference, clear, brittle):
    """A bilevel scan of gray ink: threshold, edge noise, dropouts. `reference`: the curves' own ink."""
    share = rng.uniform(0.25, 0.75) if rng.random() < 0.88 else rng.uniform(0.7, 0.95)
    if clear:
        share = rng.uniform(0.35, 0.65)
    if brittle:
        share = rng.uniform(0.5, 0.85)
    level = reference * share
    rough = min(rng.uniform(5, 60) * hard, 0.6 * level)
    noise = noise_bytes(rng, ink.shape)
    if rng.random() < 0.04:  # halftone dots
        noise = np.tile(BAYER, (ink.shape[0] // 4 + 1, ink.shape[1] // 4 + 1))[:ink.shape[0], :ink.shape[1]].copy()
        rough = 0.9 * level
    elif rng.random() < 0.4:
        noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 1.0))
    bar = cv2.addWeighted(noise, rough / 128, noise, 0, level - rough)
    if rng.random() < 0.5:  # the level wanders over the page
        wander = rng.uniform(0.05, 0.4) * level * hard * field(rng, ink.shape, log_uniform(rng, 15, 500), small=True)
        bar = cv2.subtract(cv2.add(bar, upsample(wander, ink.shape)), upsample(-wander, ink.shape))
    if rng.random() < 0.12 * min(1.0, hard + 0.3):  # a line scanner whose rows differ
        rows = rng.uniform(0.1, 0.5) * level * rng.uniform(-1, 1, (ink.shape[0], 1))
        if rng.random() < 0.5:
            rows = rows * (smooth_noise(rng, ink.shape[0], 60)[:, None] > 0)
        bar = np.clip(bar + rows, 1, 254).astype(np.uint8)
    out = cv2.compare(ink, np.maximum(bar, 1), cv2.CMP_GT)
    if rng.random() < 0.15:  # a copy of a copy
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 1.1))
        out = cv2.compare(out, rng.uniform(70, 150), cv2.CMP_GT)
    kind = rng.random()
    if kind < 0.12:
        out = cv2.dilate(out, np.ones((2, 2), np.uint8))
    elif kind < 0.18:
        out = cv2.erode(out, np.ones((2, 1) if rng.random() < 0.5 else (1, 2), np.uint8))
    return out


def bands(rng, ink):
    """White rows where sheets were joined, black film edges; in place."""
    h, w = ink.shape
    if rng.random() < 0.12:
        y, t = rng.integers(h), int(rng.integers(2, 16))
        ink[y:y + t, int(rng.uniform(-0.3, 0.3) * w):] = 0
    if rng.random() < 0.1:
        reach = np.maximum(0, rng.uniform(-10, 30) + rng.uniform(3, 25) * smooth_noise(rng, h, rng.uniform(10, 200)))
        edge = np.arange(w)[None, :] < reach[:, None]
        ink[edge[:, ::-1] if rng.random() < 0.5 else edge] = 255
    return ink


def speckle(rng, ink, hard):
    """Specks, blobs and holes on any page."""
    h, w = ink.shape
    if rng.random() < 0.4:
        share = log_uniform(rng, 1e-5, 6e-3 * hard + 2e-5)
        count = int(share * h * w)
        y, x = rng.integers(0, h, count), rng.integers(0, w, count)
        if rng.random() < 0.5:
            near = field(rng, ink.shape, 120, small=True)[y // 4, x // 4] > rng.uniform(-0.2, 0.6)
            y, x = y[near], x[near]
        value = np.where(rng.random(len(y)) < rng.uniform(0.2, 1), 255, 0).astype(np.uint8)
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            keep = rng.random(len(y)) < (1, 0.5, 0.5, 0.3)[dy * 2 + dx]
            ink[np.minimum(y + dy, h - 1)[keep], np.minimum(x + dx, w - 1)[keep]] = value[keep]
    for _ in range(rng.poisson(0.7 * hard)):
        centre = (int(rng.integers(w)), int(rng.integers(h)))
        axes = tuple(int(v) for v in rng.uniform(1, 12, 2))
        cv2.ellipse(ink, centre, axes, rng.uniform(0, 180), 0, 360, int(rng.choice((0, 255, 255))), -1)
    return ink


def gray_scan(rng, ink, hard):
    """A gray scan or a colour plot's gray: sensor noise, JPEG blocks, moiré."""
    amount = rng.uniform(0, 60 if rng.random() < 0.15 else 28) * hard
    noise = noise_bytes(rng, ink.shape)
    out = cv2.addWeighted(ink, 1.0, noise, amount / 128, -amount)
    if rng.random() < 0.15 * hard:
        rows, columns = np.ogrid[:ink.shape[0], :ink.shape[1]]
        wave = np.sin(rows * rng.uniform(0.2, 2.5) + rng.uniform(0, 6)) * np.sin(columns * rng.uniform(0.2, 2.5))
        out = np.clip(out + rng.uniform(4, 25) * wave, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        _, data = cv2.imencode(".jpg", 255 - out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 85))])
        out = 255 - cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return out


def to_output(rng, ink, height, width):
    """Resamples the scan to the page's size, as the server does for the dpi it believes."""
    if ink.shape == (height, width):
        return ink
    if ink.shape[0] > height:
        how = cv2.INTER_AREA if rng.random() < 0.85 else cv2.INTER_LINEAR
    else:
        how = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.choice(3, p=(0.6, 0.25, 0.15))]
    return cv2.resize(ink, (width, height), interpolation=how)


def normalise(rng, ink, bilevel):
    """Leaves paper and ink a little off 0 and 255, as an imperfect normalisation would."""
    if bilevel and rng.random() < 0.8:
        return ink
    paper, full = rng.uniform(0, 30) * (rng.random() < 0.5), rng.uniform(160, 255)
    table = np.clip(paper + (full - paper) * (np.arange(256) / 255) ** rng.uniform(0.7, 1.4), 0, 255)
    return cv2.LUT(ink, table.astype(np.uint8))
