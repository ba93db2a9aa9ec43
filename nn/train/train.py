"""Train CurveNet on synthetic pages; resumes from its state file.

The learning rate falls with the progress of the run, 0 to 1: towards a number of steps
(--steps) or towards a time of day (--until), so that a run on a busy machine still ends annealed.
"""
import argparse
import datetime
import math
import os
import signal
import time

import torch
import torch.nn.functional as F

import fused
from curvenet import Config, CurveNet
from data import SHAPES, Batches

WARMUP_STEPS = 150
WEIGHT_DECAY = 0.01
CLIP_NORM = 1.0
EMA_DECAY = 0.999
POSITIVE_WEIGHT = 2.0
BCE_FACTOR = 10.0
DICE_SLACK = 0.001  # of the image
FLOOR = 0.005  # of the learning rate, at the end


def mask_loss(logits, labels):
    """BCE, curve pixels weighted, plus Dice per class. Both [N,K,H,W].

    Without the factor, Dice's gradient is hundreds of times BCE's, and without its slack a class
    that is absent from a batch counts nothing: either way the network learns to hedge, and gives
    every solid line a high probability of being dashed."""
    weight = logits.new_tensor(POSITIVE_WEIGHT)
    bce = F.binary_cross_entropy_with_logits(logits, labels, pos_weight=weight)
    p = torch.sigmoid(logits)
    both = (p * labels).sum((0, 2, 3))
    slack = DICE_SLACK * labels.numel() / labels.shape[1]
    dice = 1 - (2 * both + slack) / (p.sum((0, 2, 3)) + labels.sum((0, 2, 3)) + slack)
    return BCE_FACTOR * bce + dice.mean()


def confusion(logits, labels):
    """[3,K]: true positives, predicted positives, positives."""
    with torch.no_grad():
        hit = (logits > 0).float()
        return torch.stack([(hit * labels).sum((0, 2, 3)), hit.sum((0, 2, 3)),
                            labels.sum((0, 2, 3))])


class Run:
    """Everything that a resumed run needs."""

    def __init__(self, args):
        torch.manual_seed(args.seed)
        self.args = args
        self.device = torch.device(args.device)
        self.model = CurveNet(Config(head=args.head)).to(self.device, memory_format=torch.channels_last)
        self.compiled = torch.compile(self.model, dynamic=False) if args.compile else self.model
        decayed = [p for p in self.model.parameters() if p.dim() > 1]
        plain = [p for p in self.model.parameters() if p.dim() <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": WEIGHT_DECAY},
             {"params": plain, "weight_decay": 0.0}], lr=args.lr)
        self.ema = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.step, self.progress, self.seconds, self.crops = 0, 0.0, 0.0, 0

    def save(self):
        state = {
            "config": self.model.config.to_dict(), "model": self.model.state_dict(),
            "ema": self.ema, "optimizer": self.optimizer.state_dict(), "step": self.step,
            "progress": self.progress, "seconds": self.seconds, "crops": self.crops,
            "seed": self.args.seed, "rng": torch.get_rng_state()}
        part = self.args.state + ".part"
        torch.save(state, part)
        os.replace(part, self.args.state)

    def load(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.ema = {k: v.to(self.device) for k, v in state["ema"].items()}
        torch.set_rng_state(state["rng"])
        self.args.seed = state["seed"]
        self.step, self.progress = state["step"], state["progress"]
        self.seconds, self.crops = state["seconds"], state["crops"]

    def set_rate(self):
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress)))
        rate = self.args.lr * max(FLOOR, cosine) * min(1.0, (self.step + 1) / WARMUP_STEPS)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return rate

    @torch.no_grad()
    def average(self):
        decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
        averaged, current = [], []
        for key, value in self.model.state_dict().items():
            if value.dtype.is_floating_point:
                averaged.append(self.ema[key])
                current.append(value)
            else:
                self.ema[key].copy_(value)
        torch._foreach_mul_(averaged, decay)
        torch._foreach_add_(averaged, current, alpha=1 - decay)

    def forward(self, x):
        bf16 = self.progress < self.args.bf16_until
        # Each shape and type is compiled anew: worth it for what most batches are.
        common = bf16 and x.shape[-2:] == SHAPES[self.args.crops][0][2:]
        with torch.autocast(self.device.type, torch.bfloat16, bf16):
            return (self.compiled if common else self.model)(x).float()

    def train_step(self, ink, bits):
        """(loss, confusion), tensors on the device."""
        ink, bits = (torch.from_numpy(a).to(self.device).unsqueeze(1) for a in (ink, bits))
        x = ink.float().div_(255)
        classes = torch.arange(len(self.model.config.classes), device=self.device, dtype=torch.uint8)
        y = (bits >> classes.view(1, -1, 1, 1) & 1).float()
        logits = self.forward(x.contiguous(memory_format=torch.channels_last))
        loss = mask_loss(logits, y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        # A step from a non-finite gradient would spoil the whole run.
        if torch.isfinite(norm):
            self.optimizer.step()
            self.average()
        return loss.detach(), confusion(logits, y)

    def train_mode(self):
        """Late in the run the statistics of BatchNorm are frozen: from there on the network
        trains as the folded one that inference runs, free of the noise of a small batch."""
        self.model.train()
        if self.progress >= self.args.freeze_bn:
            for module in self.model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.eval()


def end_time(text):
    """Seconds since the epoch of the next HH:MM of the local clock, or of an ISO date."""
    now = datetime.datetime.now()
    if len(text) > 5:
        return datetime.datetime.fromisoformat(text).timestamp()
    hour, minute = map(int, text.split(":"))
    end = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (end if end > now else end + datetime.timedelta(days=1)).timestamp()


def train(run, batches):
    args, stop = run.args, []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.append(True))
    end = end_time(args.until) if args.until else None
    if not end:
        run.progress = run.step / args.steps
    begun, from_progress = time.time(), run.progress
    saved = logged = time.time()
    losses, counts, waited = [], 0, 0.0
    while run.progress < 1 and not stop:
        now = time.time()
        ink, bits, pages = batches.next()
        waited += time.time() - now
        run.train_mode()
        rate = run.set_rate()
        loss, counted = run.train_step(ink, bits)
        losses.append(loss)
        counts = counts + counted
        run.step += 1
        run.crops += len(ink)
        run.seconds += time.time() - now
        if end:
            share = min(1.0, (time.time() - begun) / (end - begun))
            run.progress = from_progress + (1 - from_progress) * share
        else:
            run.progress = run.step / args.steps
        if run.step % args.log_every == 0:
            f1 = 2 * counts[0] / (counts[1] + counts[2]).clamp(min=1)
            each = (time.time() - logged) / args.log_every
            print(f"{time.strftime('%H:%M:%S')} step {run.step} loss {torch.stack(losses).mean():.4f} f1 "
                  + "/".join(f"{v:.3f}" for v in f1.tolist())
                  + f" lr {rate:.2e} {each:.2f} s/step wait {waited / args.log_every:.2f} s"
                  f" pages {pages} progress {run.progress:.3f}", flush=True)
            logged, losses, counts, waited = time.time(), [], 0, 0.0
        if time.time() - saved > args.save_seconds:
            run.save()
            saved = time.time()
    run.save()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--state", default="nn/train/state/curvenet.pt", help="state file to resume")
    p.add_argument("--las-dir", help="folder of LAS files whose curves are drawn too")
    p.add_argument("--steps", type=int, default=20000, help="step at which the run ends")
    p.add_argument("--until", help="HH:MM or ISO date at which it ends, in place of --steps")
    p.add_argument("--rewind", type=float, help="progress to resume from with --until: extends a run")
    p.add_argument("--head", choices=("subpixel", "full"), default="subpixel")
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--freeze-bn", type=float, default=0.75, help="progress at which BN freezes")
    p.add_argument("--bf16-until", type=float, default=0.0,
                   help="progress up to which activations are bfloat16 (needs torch 2, gcc)")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--device", default="cpu", help="of PyTorch: cpu, cuda")
    p.add_argument("--compile", action="store_true", help="compile the network for the most common shape")
    p.add_argument("--workers", type=int, default=1, help="processes that make pages")
    p.add_argument("--share", type=float, default=0.12, help="of a core, that a worker spends on pages")
    p.add_argument("--crops", choices=sorted(SHAPES), default="small", help="sizes of the crops")
    p.add_argument("--log-every", type=int, default=20)
    p.add_argument("--save-seconds", type=float, default=240)
    p.add_argument("--pids", help="file for the pids of trainer and workers")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    if args.bf16_until > 0 and args.device == "cpu":
        fused.enable()
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    state = torch.load(args.state, map_location="cpu") if os.path.exists(args.state) else None
    # The workers are forked before the device is in use.
    batches = Batches([args.seed, state["step"] if state else 0], args.las_dir, SHAPES[args.crops], args.workers,
                      args.share)
    run = Run(args)
    os.makedirs(os.path.dirname(args.state) or ".", exist_ok=True)
    if state:
        run.load(state)
        print(f"resumed at step {run.step}", flush=True)
    if args.rewind is not None:
        run.progress = args.rewind
    if args.pids:
        with open(args.pids, "w") as f:
            f.writelines(f"{pid}\n" for pid in (os.getpid(), *batches.pids))
    torch.set_flush_denormal(True)
    train(run, batches)


if __name__ == "__main__":
    main()
