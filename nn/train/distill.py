"""A teacher for CurveNet: the mean of what given weights see on a crop and on its mirrored copies.

Mirrored copies of a scan are alike to a geologist and not quite so to the network; the mean of
their logits is nearer the truth than any of them, at that many times the cost. A student that is
trained towards the mean (self-distillation, Furlanello et al. 2018) keeps some of it at the cost of one.
"""
import torch

from curvenet import CurveNet

FLIPS = ((), (-1,), (-2,), (-2, -1))


class Teacher:
    def __init__(self, config, weights, device):
        self.model = CurveNet(config).to(device, memory_format=torch.channels_last)
        self.model.load_state_dict(weights)
        self.model.eval()

    @torch.no_grad()
    def probabilities(self, x):
        """Of x [N,1,H,W], H and W multiples of STRIDE: [N,K,H,W]."""
        logits = 0.0
        for flip in FLIPS:
            seen = x.flip(flip).contiguous(memory_format=torch.channels_last)
            logits = logits + self.model(seen).float().flip(flip)
        return torch.sigmoid(logits / len(FLIPS))
