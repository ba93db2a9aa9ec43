"""Training batches: random crops of synthetic pages, made by worker processes.

A worker keeps a pool of recent pages and replaces the oldest one as fast as its share of the
processor allows, so that a slow generator thins out the variety and never stalls the trainer.
Batches travel in slots of memory that workers and trainer share.
"""
import mmap
import multiprocessing
import os
import queue
import time
import traceback

import cv2
import numpy as np

POOL_PAGES = 64
FIRST_PAGES = 8
SLOTS = 6  # batches made ahead, at least; two for every worker
MAX_FAILURES = 50

# (probability, crops, height, width), the commonest first. Some are tall, so that attention over
# thousands of tokens is not new to the network. "small" is for a few cores, "large" for a GPU:
# as much of a track as inference sees.
SHAPES = {
    "small": [
        (0.66, 4, 512, 320),
        (0.09, 4, 448, 384),
        (0.07, 6, 512, 224),
        (0.06, 2, 640, 512),
        (0.05, 1, 2048, 320),
        (0.04, 1, 1536, 384),
        (0.02, 1, 4096, 320),
        (0.01, 1, 6144, 384),
    ],
    "wide": [
        (0.60, 2, 768, 512),
        (0.16, 4, 512, 320),
        (0.10, 1, 1024, 640),
        (0.06, 1, 1536, 512),
        (0.04, 1, 2048, 320),
        (0.03, 1, 4096, 320),
        (0.01, 1, 6144, 384),
    ],
    "large": [
        (0.56, 10, 768, 512),
        (0.16, 24, 512, 320),
        (0.10, 6, 1024, 640),
        (0.08, 5, 1536, 512),
        (0.06, 6, 2048, 320),
        (0.03, 3, 4096, 320),
        (0.01, 2, 6144, 384),
    ],
}


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


def make_batch(pool, rng, shapes):
    """ink [N,H,W] uint8 0..255 and bits [N,H,W] uint8: bit k is set where class k is."""
    _, crops, height, width = shapes[rng.choice(len(shapes), p=[s[0] for s in shapes])]
    pairs = [random_crop(pool[rng.integers(len(pool))], height, width, rng, pool)
             for _ in range(crops)]
    return (np.stack([p[0] for p in pairs]),
            np.stack([np.packbits(p[1], axis=0, bitorder="little")[0] for p in pairs]))


class _Slots:
    """Memory that forked processes share, for a batch each."""

    def __init__(self, context, count, shapes):
        size = 2 * max(n * h * w for _, n, h, w in shapes)
        self._bytes = np.frombuffer(mmap.mmap(-1, count * size), np.uint8).reshape(count, size)
        self.free, self.ready = context.Queue(), context.Queue()
        for slot in range(count):
            self.free.put(slot)

    def put(self, slot, ink, bits, made):
        both = self._bytes[slot]
        both[:ink.size] = ink.ravel()
        both[ink.size:2 * ink.size] = bits.ravel()
        self.ready.put((slot, ink.shape, made))

    def get(self, timeout):
        """(ink, bits, made), copies; raises queue.Empty."""
        slot, shape, made = self.ready.get(timeout=timeout)
        n = int(np.prod(shape))
        ink, bits = self._bytes[slot, :2 * n].copy().reshape(2, *shape)
        self.free.put(slot)
        return ink, bits, made


def _make_page(rng, las_dir):
    """A page, or None where the generator failed."""
    from synth import make_page

    page_seed = rng.integers(2**63)
    try:
        return make_page(np.random.default_rng(page_seed), las_dir)
    except Exception:  # one bad page is not worth hours of training
        traceback.print_exc()
        print(f"page seed {page_seed} failed", flush=True)
        return None


def _work(slots, seed, las_dir, share, shapes):
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    pool, made, failures, due = [], 0, 0, 0.0
    parent = os.getppid()
    while os.getppid() == parent:
        if len(pool) < FIRST_PAGES or time.monotonic() > due:
            begun = time.process_time()
            page = _make_page(rng, las_dir)
            if page is None:
                failures += 1
                if failures > MAX_FAILURES:
                    raise RuntimeError("the generator fails too often")
                continue
            due = time.monotonic() + (time.process_time() - begun) * (1 / share - 1)
            if len(pool) < POOL_PAGES:
                pool.append(page)
            else:
                pool[made % POOL_PAGES] = page
            made += 1
            continue
        try:
            slot = slots.free.get(timeout=0.05)
        except queue.Empty:
            continue
        slots.put(slot, *make_batch(pool, rng, shapes), made)


class Batches:
    """Batches of `shapes` from `workers` processes, made from `seed` (ints), each of which spends up
    to `share` of one core on pages. The workers end with their parent."""

    def __init__(self, seed, las_dir, shapes, workers, share):
        context = multiprocessing.get_context("fork")
        self._slots = _Slots(context, max(SLOTS, 2 * workers), shapes)
        self._workers = [
            context.Process(target=_work, args=(self._slots, [*seed, n], las_dir, share, shapes), daemon=True)
            for n in range(workers)]
        for worker in self._workers:
            worker.start()
        self.pids = [worker.pid for worker in self._workers]

    def next(self):
        """(ink [N,H,W] uint8, bits [N,H,W] uint8 as of make_batch, pages its worker has made)"""
        while True:
            try:
                return self._slots.get(timeout=20)
            except queue.Empty:
                if not all(worker.is_alive() for worker in self._workers):
                    raise RuntimeError("a worker that makes pages has died") from None
