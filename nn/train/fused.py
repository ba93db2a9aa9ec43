"""Operations for training on a CPU in bfloat16, channels-last, where PyTorch's own take most of
a step: BatchNorm with ReLU (bn_relu.c) and the gradients of depthwise convolutions
(depthwise_grad.c). Without enable(), and for other tensors, PyTorch's are used.
"""
import ctypes
import os
import subprocess
import tempfile

import torch
import torch.nn.functional as F

SOURCES = ("bn_relu.c", "depthwise_grad.c")

_library = None


def enable():
    """Compiles the C sources for this processor; from then on they are used."""
    global _library
    folder = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as out:
        target = os.path.join(out, "fused.so")
        subprocess.run(["gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-O3", "-march=native",
                        "-fopenmp", "-shared", "-fPIC", "-o", target,
                        *(os.path.join(folder, name) for name in SOURCES)], check=True)
        _library = ctypes.CDLL(target)


def _usable(x):
    return _library is not None and x.dtype == torch.bfloat16


def _pointer(tensor):
    return ctypes.c_void_p(tensor.data_ptr())


def _shape(x):
    n, c, h, w = x.shape
    return ctypes.c_ssize_t(n * h * w), ctypes.c_int(c)


def _sums(function, x, *more):
    sums = torch.empty(2, x.shape[1], dtype=torch.float64)
    arguments = [_pointer(t) for t in more]
    if function is _library.bn_sums:
        failed = function(_pointer(x), *_shape(x), _pointer(sums))
    else:
        failed = function(_pointer(x), arguments[0], *_shape(x), *arguments[1:], _pointer(sums))
    if failed:
        raise ValueError(f"{x.shape[1]} channels")
    return sums


class _BnRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, mean, variance, eps, batch_statistics):
        rstd = torch.rsqrt(variance + eps)
        scale = (weight * rstd).contiguous()
        shift = (bias - mean * scale).contiguous()
        y = torch.empty_like(x)
        _library.bn_relu(_pointer(x), *_shape(x), _pointer(scale), _pointer(shift), _pointer(y))
        ctx.save_for_backward(x, mean, rstd, scale, shift)
        ctx.batch_statistics = batch_statistics
        return y

    @staticmethod
    def backward(ctx, gy):
        x, mean, rstd, scale, shift = ctx.saved_tensors
        gy = gy.contiguous(memory_format=torch.channels_last)
        sums = _sums(_library.bn_relu_grad_sums, x, gy, scale, shift)
        g_bias = sums[0]
        g_weight = (sums[1] - sums[0] * mean) * rstd
        if ctx.batch_statistics:
            rows = x.numel() // x.shape[1]
            a = -scale * rstd * g_weight / rows
            b = -scale * g_bias / rows - a * mean
        else:
            a = b = torch.zeros_like(scale, dtype=torch.float64)
        a, b = a.float().contiguous(), b.float().contiguous()
        gx = torch.empty_like(x)
        _library.bn_relu_grad(_pointer(x), _pointer(gy), *_shape(x), _pointer(scale),
                              _pointer(shift), _pointer(a), _pointer(b), _pointer(gx))
        return gx, g_weight.float(), g_bias.float(), None, None, None, None


def bn_relu(bn, x):
    """relu(bn(x)) for a BatchNorm2d."""
    if not _usable(x):
        return torch.relu_(bn(x))
    x = x.contiguous(memory_format=torch.channels_last)
    if not bn.training:
        return _BnRelu.apply(x, bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.eps, False)
    with torch.no_grad():
        rows = x.numel() // x.shape[1]
        sums = _sums(_library.bn_sums, x) / rows
        mean, variance = sums[0].float(), (sums[1] - sums[0] ** 2).clamp(min=0).float()
        bn.running_mean.lerp_(mean, bn.momentum)
        bn.running_var.lerp_(variance * rows / max(1, rows - 1), bn.momentum)
        bn.num_batches_tracked += 1
    return _BnRelu.apply(x, bn.weight, bn.bias, mean, variance, bn.eps, True)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, stride):
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return F.conv2d(x, weight.to(x.dtype), None, stride, 1, 1, x.shape[1])

    @staticmethod
    def backward(ctx, gy):
        x, weight = ctx.saved_tensors
        gy = gy.contiguous(memory_format=torch.channels_last)
        n, c, h, w = x.shape
        taps = weight.float().view(c, 9).t().contiguous()
        gx = torch.empty_like(x)
        sums = torch.empty(9, c, dtype=torch.float64)
        failed = (_library.depthwise_grad_data(_pointer(gy), _pointer(taps), n, h, w, c,
                                               ctx.stride, _pointer(gx))
                  or _library.depthwise_grad_weight(_pointer(x), _pointer(gy), n, h, w, c,
                                                    ctx.stride, _pointer(sums)))
        if failed:
            raise ValueError(f"{c} channels")
        return gx, sums.t().float().reshape(weight.shape), None


def depthwise(conv, x):
    """conv(x) for a depthwise 3x3 Conv2d with padding 1 and no bias."""
    if not _usable(x):
        return conv(x)
    x = x.contiguous(memory_format=torch.channels_last)
    return _Depthwise.apply(x, conv.weight, conv.stride[0])
