"""Training batches: random crops of synthetic pages, made by one worker process.

The worker keeps a pool of recent pages and replaces the oldest one as fast as its share of the
processor allows, so that a slow generator thins out the variety and never stalls the trainer.
"""
import multiprocessing
import os
import time
import traceback

import numpy as np

POOL_PAGES = 64
FIRST_PAGES = 8
QUEUE_BATCHES = 6
MAX_FAILURES = 50
CPU_SHARE = 0.12  # of one core

# (probability, crops, height, width): mostly small crops for speed; some tall ones, so that
# attention over thousands of tokens is not new to the network.
SHAPES = [
    (0.66, 4, 512, 320),
    (0.09, 4, 448, 384),
    (0.07, 6, 512, 224),
    (0.06, 2, 640, 512),
    (0.05, 1, 2048, 320),
    (0.04, 1, 1536, 384),
    (0.02, 1, 4096, 320),
    (0.01, 1, 6144, 384),
]


def _fit(page, height, rng, pool):
    """The page, or pages below one another until they are tall enough."""
    inks, labels = [page[0]], [page[1]]
    while sum(a.shape[0] for a in inks) < height:
        ink, label = pool[rng.integers(len(pool))]
        inks.append(ink)
        labels.append(label)
    width = min(a.shape[1] for a in inks)
    return (np.concatenate([a[:, :width] for a in inks]),
            np.concatenate([a[:, :, :width] for a in labels], axis=1))


def random_crop(page, height, width, rng, pool):
    """ink [height,width] and labels [K,height,width] of a place with labels, if a few tries find
    one; flipped at random. Narrow pages get paper on the right."""
    ink, labels = page if page[0].shape[0] >= height else _fit(page, height, rng, pool)
    for _ in range(4):
        y = rng.integers(ink.shape[0] - height + 1)
        x = rng.integers(max(1, ink.shape[1] - width + 1))
        cut = labels[:, y:y + height, x:x + width]
        if cut.any(axis=(0, 2)).mean() > 0.5:
            break
    ink = ink[y:y + height, x:x + width]
    short = width - ink.shape[1]
    if short:
        ink = np.pad(ink, ((0, 0), (0, short)))
        cut = np.pad(cut, ((0, 0), (0, 0), (0, short)))
    step_x, step_y = rng.choice([1, -1], p=[0.6, 0.4]), rng.choice([1, -1], p=[0.6, 0.4])
    return ink[::step_y, ::step_x], cut[:, ::step_y, ::step_x]


def make_batch(pool, rng):
    """ink [N,H,W] uint8 0..255 and labels [N,K,H,W] uint8 0/1."""
    _, crops, height, width = SHAPES[rng.choice(len(SHAPES), p=[s[0] for s in SHAPES])]
    pairs = [random_crop(pool[rng.integers(len(pool))], height, width, rng, pool)
             for _ in range(crops)]
    return np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs])


def _work(queue, seed, las_dir):
    from synth import make_page

    rng = np.random.default_rng(seed)
    pool, made, failures, due = [], 0, 0, 0.0
    parent = os.getppid()
    while os.getppid() == parent:
        if len(pool) < FIRST_PAGES or time.monotonic() > due:
            begun = time.process_time()
            page_seed = rng.integers(2**63)
            try:
                page = make_page(np.random.default_rng(page_seed), las_dir)
            except Exception:  # one bad page is not worth hours of training
                traceback.print_exc()
                failures += 1
                if failures > MAX_FAILURES:
                    raise
                print(f"page seed {page_seed} failed", flush=True)
                continue
            due = time.monotonic() + (time.process_time() - begun) * (1 / CPU_SHARE - 1)
            if len(pool) < POOL_PAGES:
                pool.append(page)
            else:
                pool[made % POOL_PAGES] = page
            made += 1
        elif queue.qsize() < QUEUE_BATCHES:
            queue.put((*make_batch(pool, rng), made))
        else:
            time.sleep(0.05)


class Batches:
    """Batches from the worker, made from `seed` (ints). The worker ends with its parent."""

    def __init__(self, seed, las_dir=None):
        context = multiprocessing.get_context("fork")
        self._queue = context.Queue(2 * QUEUE_BATCHES)
        self._worker = context.Process(target=_work, args=(self._queue, seed, las_dir), daemon=True)
        self._worker.start()
        self.pid = self._worker.pid

    def next(self):
        """(ink [N,H,W] uint8, labels [N,K,H,W] uint8, pages made so far)"""
        while True:
            try:
                return self._queue.get(timeout=20)
            except Exception:
                if not self._worker.is_alive():
                    raise RuntimeError("the worker that makes pages has died") from None
