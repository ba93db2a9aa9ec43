"""Trains the corrector of a checkpoint (nn/corrector.h) on synthetic pages that the server has traced, and puts it into the file.

    corrector.py --binary BUILD/train/curvelogd-inputs [--las-dir DIR] [--checkpoint FILE] [--samples FOLDER] …

Samples of the last HELD_OUT of the pages are kept back, and show what it is worth. Without --binary the samples that
are in the folder already are used.
"""
import argparse
import os

import numpy as np
import torch
from torch import nn

import checkpoint
import corrector_data as data

HIDDEN = (128, 64)
HELD_OUT = 0.08
NEAR = 5  # columns: 1 % of a track of the usual width
BATCH, RATE, PULL = 1024, 1e-3, 1e-2
CLAMP, KNEE = 20.0, 2.0  # columns


class Corrector(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        sizes = (inputs, *HIDDEN, 1)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)[:, 0]

    def tensors(self):
        return {f"corrector{k}.{name}": value.data.clone() for k, layer in enumerate(self.layers, 1)
                for name, value in (("weight", layer.weight), ("bias", layer.bias))}


def inputs_of(planes, further):
    """float32 [n,inputs] as the server makes them."""
    return torch.cat([planes.float() / 255, further], 1)


def varied(planes, further, off, flip, turn, rng):
    """The same samples as another scan might show them: mirrored, upside down, in paler ink on darker paper."""
    planes = planes.float().div(255).view(-1, *data.SHAPE)
    path, style = further[:, :-3], further[:, -3:]
    if flip:
        planes, path, off = planes.flip(3), -path, -off
    if turn:
        planes, path = planes.flip(2), path.flip(1)
    ink, paper = rng.uniform(0.35, 1, len(planes)), rng.uniform(0, 0.25, len(planes))
    ink[rng.random(len(planes)) < 0.5] = 1
    paper[rng.random(len(planes)) < 0.7] = 0
    ink, paper = (torch.from_numpy(v.astype(np.float32))[:, None, None, None] for v in (ink, paper))
    planes = torch.cat([planes[:, :2], paper * ink + planes[:, 2:] * ink * (1 - paper)], 1)
    return torch.cat([planes.flatten(1), path, style], 1), off


def of_checkpoint(path):
    tensors = checkpoint.load(path)[0]
    net = Corrector(tensors["corrector1.weight"].shape[1])
    net.load_state_dict({f"layers.{k - 1}.{name}": tensors[f"corrector{k}.{name}"] for k in (1, 2, 3)
                         for name in ("weight", "bias")})
    return net


def train(net, samples, steps, seed):
    planes, further, off = samples
    rng = np.random.default_rng([data.SET, seed, 1])
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=PULL)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: max(0.005, 1 - k / steps))
    for step in range(steps):
        pick = torch.from_numpy(rng.integers(0, len(off), BATCH))
        x, y = varied(planes[pick], further[pick], off[pick].clamp(-CLAMP, CLAMP), step % 2, step % 4 > 1, rng)
        loss = nn.functional.smooth_l1_loss(net(x), y, beta=KNEE)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 2000 == 0:
            print(f"step {step}: {loss.item():.4f}", flush=True)
    return net.eval()


@torch.no_grad()
def report(net, samples):
    """Prints how far off held-out positions are before and after."""
    planes, further, off = samples
    left = off - torch.cat([net(inputs_of(planes[k:k + 4096], further[k:k + 4096])) for k in range(0, len(off), 4096)])
    slope = (further[:, 1:25] - further[:, :24]).abs().mean(1) * 10
    print("| style | columns a row | samples | over 5 columns off | corrected | mean columns off | corrected |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for k, style in enumerate(data.STYLES):
        for low, high in ((0, 2), (2, 8), (8, 1e9)):
            at = (further[:, -3 + k] == 1) & (slope >= low) & (slope < high)
            a, b = off[at].abs(), left[at].abs()
            if at.any():
                print(f"| {style} | {low} to {high:g} | {len(a)} | {(a > NEAR).float().mean():.4f} | "
                      f"{(b > NEAR).float().mean():.4f} | {a.mean():.3f} | {b.mean():.3f} |")


def put(path, net, out=None):
    """Into the checkpoint, or a copy of it, in place of the one that it has."""
    tensors, config, about = checkpoint.load(path)
    tensors = {k: v for k, v in tensors.items() if not k.startswith("corrector")}
    checkpoint.save(out or path, {**tensors, **net.tensors()}, config, about["name"], about["trained"], about["metrics"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="the server with nn/train/dump_inputs.c; not needed if there are samples")
    parser.add_argument("--checkpoint", default="weights/curvenet.safetensors")
    parser.add_argument("--out", help="in place of the checkpoint")
    parser.add_argument("--las-dir")
    parser.add_argument("--samples", default="build/train/samples")
    parser.add_argument("--pages", type=int, default=4600)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=26000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--go-on", action="store_true", help="from the checkpoint's own corrector")
    args = parser.parse_args()
    if args.binary:
        data.collect(args.binary, os.path.dirname(args.checkpoint), args.las_dir, args.seed, args.pages, args.processes,
                     args.samples)
    planes, further, off, page = data.load(args.samples)
    held = page >= (page.max() + 1) * (1 - HELD_OUT)
    parts = [[torch.from_numpy(v[which]) for v in (planes, further, off)] for which in (~held, held)]
    print(f"{len(parts[0][2])} samples, {len(parts[1][2])} held out", flush=True)
    torch.manual_seed(args.seed)
    net = of_checkpoint(args.checkpoint) if args.go_on else Corrector(planes.shape[1] + further.shape[1])
    del planes
    net = train(net, parts[0], args.steps, args.seed)
    report(net, parts[1])
    put(args.checkpoint, net, args.out)


if __name__ == "__main__":
    main()
