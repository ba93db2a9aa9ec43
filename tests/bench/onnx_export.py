"""onnx_export.py CHECKPOINT OUT: a checkpoint as ONNX, through the project's own exporter."""
import os
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "nn", "train"))
warnings.filterwarnings("ignore")
import checkpoint  # noqa: E402
from export import export_onnx  # noqa: E402

if __name__ == "__main__":
    tensors, config, _ = checkpoint.load(sys.argv[1])
    export_onnx(sys.argv[2], tensors, config)
