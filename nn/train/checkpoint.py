"""CurveNet checkpoints: safetensors files (https://github.com/huggingface/safetensors) with
aligned, contiguous float32 tensors, and metadata that holds the network's sizes and a checksum.
"""
import hashlib
import json
import os
import struct

import numpy as np
import torch

from curvenet import Config

ALIGN = 64
MAX_ROWS = 12800
DPI = 200


def save(path, tensors, config, name="curvenet", trained="", metrics=None):
    """Writes {name: float32 tensor} in order; the file appears whole or not at all."""
    header, offset, digest = {}, 0, hashlib.sha256()
    for key, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{key} holds a value that is not finite")
        size = 4 * tensor.numel()
        header[key] = {"dtype": "F32", "shape": list(tensor.shape),
                       "data_offsets": [offset, offset + size]}
        offset += size
        digest.update(_bytes(tensor))
    about = {"version": 1, "dim": config.dim, "stages": config.stages,
             "attention_layers": config.attention_layers, "heads": config.heads,
             "mlp": config.mlp, "classes": list(config.classes), "head": config.head,
             "max_rows": MAX_ROWS, "dpi": DPI, "name": name, "trained": trained,
             "metrics": metrics or {}}
    if "corrector1.weight" in tensors:
        about["corrector"] = [tensors[f"corrector{k}.weight"].shape[0] for k in (1, 2)]
    header = {"__metadata__": {"curvenet": json.dumps(about), "sha256": digest.hexdigest()},
              **header}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % ALIGN)
    with open(path + ".part", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            f.write(_bytes(tensor))
    os.replace(path + ".part", path)


def _bytes(tensor):
    return tensor.detach().numpy().astype("<f4").tobytes()


def load(path):
    """(tensors, config, metadata dict) of a checkpoint; ValueError if its checksum is wrong."""
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
        data = f.read()
    meta = header.pop("__metadata__")
    if hashlib.sha256(data).hexdigest() != meta["sha256"]:
        raise ValueError(f"{path}: wrong checksum")
    tensors = {}
    for key, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
        tensors[key] = torch.from_numpy(values.copy())
    about = json.loads(meta["curvenet"])
    config = Config(**{k: about[k] for k in Config().to_dict()})
    return tensors, config, about
