"""Write a checkpoint's model card from its metadata and the state that it was exported from."""
import argparse
import platform
import time

import torch

import checkpoint

CARD = """\
# {name}

CurveNet checkpoint: masks of the curves on a scanned well log, one per line style
({classes}), from one gray channel. {parameters:,} parameters, BatchNorm folded, float32;
{dim} channels, {heads} heads, MLP {mlp}, last stage "{head}", made for {dpi} dpi and windows of
at most {max_rows:,} rows.

## Training
- **Data**: synthetic log pages only, drawn by `nn/train/synth`: grids, text, pen marks, fills and
  wear of the archive's kind; curves from {las_files} and random ones. No scan was trained on.
- **Labels**: the curve's centre line, some 4 px wide, through the gaps of dashes and dots.
- **Run**: {steps:,} steps, {crops:,} crops, {hours:.2f} hours of wall clock, seed {seed}, progress
  {progress:.2f} of its schedule; ended {date}. Crops of the sizes in `nn/train/data.py`,
  up to 6,144 rows tall.
- **Loss**: ten times BCE (curve pixels weighted 2) plus Dice per class; AdamW, cosine decay,
  clipped gradients, BatchNorm frozen late in the run; the exported weights are an exponential
  average.
- **Machine**: {machine}.
- **Command**: `{command}`
{notes}
## Held-out scores
`nn/train/evaluate.py`, {pages} synthetic pages of fixed seeds that training never draws, up to
1,600 rows each; their LAS curves come from the same files as training's. The mask counts at probability 0.5;
near: what lies within 2 px of the other mask is no error; the centre's error over rows crossed once.

| class | F1 | F1, near | IoU | precision | recall | centre, median px | centre within 1 px | lost |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

## Limits
Seen on real scans and held-out pages:
- Spiky dashed curves on bold bilevel grids, whose dashes are longer than the spikes' flanks, come
  out as solid; a thin solid curve that thresholding broke may flip to dashed and back.
- Dashed and dotted curves close to a solid one of the same weight, and dots in thick logarithmic
  grids, are often missed: the probability of their class stays under 0.5 there.
- Two curves that touch for long, or lines hidden under a fill, are separated poorly.
- Handwriting and short tick marks can leak into a mask; printed text mostly does not.
- Curves that only colour tells apart share a class. Scans far from {dpi} dpi are resampled first.
"""


def row(name, s):
    near = f"{s['f1_near']:.3f}" if "f1_near" in s else "-"  # checkpoints from before it was measured
    return (f"| {name} | {s['f1']:.3f} | {near} | {s['iou']:.3f} | {s['precision']:.3f} | {s['recall']:.3f}"
            f" | {s['centre_median_px']:.2f} | {s['centre_within_1px']:.3f} |"
            f" {s['centre_lost']:.3f} |")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--checkpoint", default="weights/curvenet.safetensors")
    p.add_argument("--state", default="nn/train/state/curvenet.pt")
    p.add_argument("--out", default="weights/curvenet.md")
    p.add_argument("--machine", default=f"{platform.machine()}, CPU")
    p.add_argument("--command", default="make train")
    p.add_argument("--notes", help="file of Markdown list items: what the command does not tell")
    p.add_argument("--las", default="public LAS files", help="what the LAS curves came from")
    args = p.parse_args()
    tensors, config, about = checkpoint.load(args.checkpoint)
    state = torch.load(args.state, map_location="cpu")
    metrics = about["metrics"]
    notes = ""
    if args.notes:
        with open(args.notes) as f:
            notes = f.read()
    text = CARD.format(
        notes=notes,
        name=about["name"], classes=", ".join(config.classes), dim=config.dim,
        parameters=sum(t.numel() for t in tensors.values()), heads=config.heads, mlp=config.mlp,
        head=config.head, dpi=about["dpi"], max_rows=about["max_rows"], las_files=args.las,
        steps=state["step"], crops=state["crops"], hours=state["seconds"] / 3600,
        seed=state["seed"], progress=state["progress"], date=time.strftime("%Y-%m-%d"),
        machine=args.machine, command=args.command, pages=metrics["held_out_pages"],
        rows="\n".join(row(name, metrics[name]) for name in config.classes))
    with open(args.out, "w") as f:
        f.write(text)


if __name__ == "__main__":
    main()
