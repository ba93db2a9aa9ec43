"""Export CurveNet from a training state, or with random weights, to safetensors or ONNX."""
import argparse
import json

import torch
from torch import nn

import checkpoint
from curvenet import Config, CurveNet, fold, forward_folded


def load_state(path):
    """(model with the averaged weights, state) of a training state."""
    state = torch.load(path, map_location="cpu")
    model = CurveNet(Config(**state["config"]))
    model.load_state_dict(state["ema"])
    return model.eval(), state


@torch.no_grad()
def random_model(config, seed):
    """Random weights and statistics that keep activations near 1 and exercise every term."""
    torch.manual_seed(seed)
    model = CurveNet(config).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.3, 0.8)
            module.weight.uniform_(0.7, 1.4)
            module.bias.normal_(0, 0.2)
        elif isinstance(module, nn.LayerNorm):
            module.weight.uniform_(0.7, 1.3)
            module.bias.normal_(0, 0.1)
    return model


class Folded(nn.Module):
    """The folded network as a module, for ONNX."""

    def __init__(self, tensors, config):
        super().__init__()
        self.tensors, self.config = tensors, config

    def forward(self, x):
        return forward_folded(self.tensors, self.config, x)


def mixed(tensors, config, path, share):
    """The weights with `share` of those of the checkpoint at `path`, and that one's corrector. Averaging two ends of
    schedules often beats both (Izmailov et al., Averaging weights leads to wider optima, 2018)."""
    others, other_config, _ = checkpoint.load(path)
    if other_config != config:
        raise ValueError(f"{path}: a network of other sizes")
    return {key: torch.lerp(tensors[key], other, share) if key in tensors else other for key, other in others.items()}


def export_onnx(path, tensors, config):
    axes = {"ink": {2: "height", 3: "width"}, "logits": {2: "height", 3: "width"}}
    torch.onnx.export(Folded(tensors, config), torch.zeros(1, 1, 64, 96), path, opset_version=16,
                      input_names=["ink"], output_names=["logits"], dynamic_axes=axes)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--state", default="nn/train/state/curvenet.pt")
    p.add_argument("--out", default="weights/curvenet.safetensors")
    p.add_argument("--name", default="curvenet")
    p.add_argument("--metrics", help="JSON file written by evaluate.py")
    p.add_argument("--mix", metavar="CHECKPOINT", help="to average with; its corrector is kept")
    p.add_argument("--share", type=float, default=0.5, help="of the checkpoint named by --mix")
    p.add_argument("--onnx", action="store_true", help="write ONNX, in place of safetensors")
    p.add_argument("--random", action="store_true", help="random weights, no state")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--dim", type=int, default=128)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--mlp", type=int, default=512)
    p.add_argument("--classes", default="solid,dashed,dotted")
    p.add_argument("--head", choices=("subpixel", "full"), default="subpixel")
    args = p.parse_args()
    if args.random:
        config = Config(args.dim, args.heads, args.mlp, args.classes.split(","), args.head)
        model, trained = random_model(config, args.seed), "random"
    else:
        model, state = load_state(args.state)
        trained = (f"{state['step']} steps, {state['crops']} crops, "
                   f"{state['seconds'] / 3600:.2f} h, seed {state['seed']}")
    metrics = {}
    if args.metrics:
        with open(args.metrics) as f:
            metrics = json.load(f)
    tensors = fold(model)
    if args.mix:
        tensors = mixed(tensors, model.config, args.mix, args.share)
        trained += f"; {args.share:g} of it another checkpoint"
    if args.onnx:
        export_onnx(args.out, tensors, model.config)
    else:
        checkpoint.save(args.out, tensors, model.config, args.name, trained, metrics)


if __name__ == "__main__":
    main()
