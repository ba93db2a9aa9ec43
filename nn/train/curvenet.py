"""CurveNet: masks of well-log curves from a gray scan.

x: [N,1,H,W] ink, 0 paper to 1 ink; logits: [N,K,H,W], one independent sigmoid per class.
An encoder-decoder of depthwise-separable convolutions (as in DeepLab v3+, Chen et al. 2018)
around two pre-norm transformer layers over all tokens at 1/32 of the resolution.
"""
import math
from dataclasses import asdict, dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

from fused import bn_relu, depthwise

STRIDE = 32
LN_EPS = 1e-5


@dataclass
class Config:
    dim: int = 128
    heads: int = 4
    mlp: int = 512
    classes: list = field(default_factory=lambda: ["solid", "dashed", "dotted"])
    head: str = "subpixel"  # or "full"
    stages: int = 5
    attention_layers: int = 2

    def to_dict(self):
        return asdict(self)


def gelu_tanh(x):
    """GELU, tanh form (Hendrycks and Gimpel 2016)."""
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


def up2(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def pad_to_stride(x):
    """Paper added below and to the right, up to multiples of STRIDE."""
    h, w = x.shape[-2:]
    return F.pad(x, (0, -w % STRIDE, 0, -h % STRIDE))


class SeparableConv(nn.Module):
    """Depthwise 3x3, then pointwise 1x1; each with BatchNorm and ReLU."""

    def __init__(self, dim, stride=1):
        super().__init__()
        self.dw = nn.Conv2d(dim, dim, 3, stride, 1, groups=dim, bias=False)
        self.dw_bn = nn.BatchNorm2d(dim)
        self.pw = nn.Conv2d(dim, dim, 1, bias=False)
        self.pw_bn = nn.BatchNorm2d(dim)

    def forward(self, x):
        x = bn_relu(self.dw_bn, depthwise(self.dw, x))
        return bn_relu(self.pw_bn, self.pw(x))


class Stem(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(1, dim, 3, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(dim)

    def forward(self, x):
        return bn_relu(self.bn, self.conv(x))


class EncoderStage(nn.Module):
    def __init__(self, down, dim):
        super().__init__()
        self.down = down
        self.block = SeparableConv(dim)

    def forward(self, x):
        y = self.down(x)
        return y + self.block(y)


class AttentionLayer(nn.Module):
    """Pre-norm transformer layer; its position code is a depthwise convolution, so that any
    height and width works (conditional positional encodings, Chu et al. 2021)."""

    def __init__(self, dim, heads, mlp):
        super().__init__()
        self.heads = heads
        self.pos = nn.Conv2d(dim, dim, 3, 1, 1, groups=dim)
        self.ln1 = nn.LayerNorm(dim, eps=LN_EPS)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.ln2 = nn.LayerNorm(dim, eps=LN_EPS)
        self.mlp1 = nn.Linear(dim, mlp)
        self.mlp2 = nn.Linear(mlp, dim)

    def attend(self, t):
        """t: [N,T,C] tokens."""
        n, tokens, dim = t.shape
        qkv = self.qkv(t).view(n, tokens, 3, self.heads, dim // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(dim // self.heads)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(n, tokens, dim))

    def forward(self, x):
        x = x + self.pos(x)
        n, dim, h, w = x.shape
        t = x.permute(0, 2, 3, 1).reshape(n, h * w, dim)
        t = t + self.attend(self.ln1(t))
        t = t + self.mlp2(gelu_tanh(self.mlp1(self.ln2(t))))
        return t.view(n, h, w, dim).permute(0, 3, 1, 2)


class DecoderStage(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.block = SeparableConv(dim)

    def forward(self, x, skip=None):
        z = up2(x)
        return self.block(z if skip is None else z + skip)


class CurveNet(nn.Module):
    def __init__(self, config=None):
        super().__init__()
        c = self.config = config or Config()
        downs = [Stem(c.dim)] + [SeparableConv(c.dim, 2) for _ in range(c.stages - 1)]
        for n, down in enumerate(downs, 1):
            self.add_module(f"enc{n}", EncoderStage(down, c.dim))
        for n in range(1, c.attention_layers + 1):
            self.add_module(f"attn{n}", AttentionLayer(c.dim, c.heads, c.mlp))
        decoders = c.stages if c.head == "full" else c.stages - 1
        for n in range(1, decoders + 1):
            self.add_module(f"dec{n}", DecoderStage(c.dim))
        classes = len(c.classes)
        self.head = nn.Conv2d(c.dim, classes if c.head == "full" else 4 * classes, 1)

    def forward(self, x):
        h, w = x.shape[-2:]
        c = self.config
        y = pad_to_stride(x)
        skips = []
        for n in range(1, c.stages + 1):
            y = getattr(self, f"enc{n}")(y)
            skips.append(y)
        for n in range(1, c.attention_layers + 1):
            y = getattr(self, f"attn{n}")(y)
        for n in range(1, c.stages):
            y = getattr(self, f"dec{n}")(y, skips[c.stages - 1 - n])
        if c.head == "full":
            y = self.head(getattr(self, f"dec{c.stages}")(y))
        else:
            y = F.pixel_shuffle(self.head(y), 2)
        return y[..., :h, :w]


def _folded(conv, bn):
    """Weight and bias of the convolution that equals conv followed by bn in evaluation."""
    scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    return conv.weight * scale.view(-1, 1, 1, 1), bn.bias - bn.running_mean * scale


@torch.no_grad()
def fold(model):
    """The checkpoint's tensors, in file order: {name: float32 tensor}, BatchNorm folded in."""
    c, out = model.config, {}

    def put(name, weight, bias, flat=False):
        out[name + ".weight"] = (weight.flatten(1) if flat else weight).float().contiguous().clone()
        out[name + ".bias"] = bias.float().contiguous().clone()

    def put_separable(name, sep):
        put(name + ".dw", *_folded(sep.dw, sep.dw_bn))
        put(name + ".pw", *_folded(sep.pw, sep.pw_bn), flat=True)

    for n in range(1, c.stages + 1):
        stage = getattr(model, f"enc{n}")
        if n == 1:
            put("enc1.conv", *_folded(stage.down.conv, stage.down.bn))
        else:
            put_separable(f"enc{n}.down", stage.down)
        put_separable(f"enc{n}.block", stage.block)
    for n in range(1, c.attention_layers + 1):
        layer = getattr(model, f"attn{n}")
        for part in ("pos", "ln1", "qkv", "proj", "ln2", "mlp1", "mlp2"):
            put(f"attn{n}.{part}", getattr(layer, part).weight, getattr(layer, part).bias)
    for n in range(1, (c.stages if c.head == "full" else c.stages - 1) + 1):
        put_separable(f"dec{n}.block", getattr(model, f"dec{n}").block)
    put("head", model.head.weight, model.head.bias, flat=True)
    return out


def forward_folded(tensors, config, x):
    """The same network on folded tensors: what the C engine computes. x: [N,1,H,W]."""
    p, dim = tensors, config.dim

    def conv(x, name, stride=1, groups=1):
        weight = p[name + ".weight"]
        padding = 1 if weight.dim() == 4 else 0
        weight = weight if padding else weight[:, :, None, None]
        return F.conv2d(x, weight, p[name + ".bias"], stride, padding, 1, groups)

    def separable(x, name, stride=1):
        x = F.relu(conv(x, name + ".dw", stride, dim))
        return F.relu(conv(x, name + ".pw"))

    def linear(t, name):
        return F.linear(t, p[name + ".weight"], p[name + ".bias"])

    def norm(t, name):
        return F.layer_norm(t, (dim,), p[name + ".weight"], p[name + ".bias"], LN_EPS)

    def attention(x, name):
        x = x + conv(x, name + ".pos", 1, dim)
        n, _, h, w = x.shape
        t = x.flatten(2).transpose(1, 2)
        q, k, v = (a.view(n, h * w, config.heads, -1).transpose(1, 2)
                   for a in linear(norm(t, name + ".ln1"), name + ".qkv").split(dim, -1))
        a = (q @ k.transpose(-2, -1) / math.sqrt(dim // config.heads)).softmax(-1) @ v
        t = t + linear(a.transpose(1, 2).reshape(n, h * w, dim), name + ".proj")
        t = t + linear(gelu_tanh(linear(norm(t, name + ".ln2"), name + ".mlp1")), name + ".mlp2")
        return t.transpose(1, 2).reshape(n, dim, h, w)

    h, w = x.shape[-2:]
    y, skips = pad_to_stride(x), []
    for n in range(1, config.stages + 1):
        y = F.relu(conv(y, "enc1.conv", 2)) if n == 1 else separable(y, f"enc{n}.down", 2)
        y = y + separable(y, f"enc{n}.block")
        skips.append(y)
    for n in range(1, config.attention_layers + 1):
        y = attention(y, f"attn{n}")
    for n in range(1, config.stages):
        y = separable(up2(y) + skips[config.stages - 1 - n], f"dec{n}.block")
    if config.head == "full":
        y = conv(separable(up2(y), f"dec{config.stages}.block"), "head")
    else:
        y = F.pixel_shuffle(conv(y, "head"), 2)
    return y[..., :h, :w]
