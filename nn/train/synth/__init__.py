"""Synthetic well-log scans with curve labels, to train CurveNet on."""
from .page import make_page

__all__ = ["make_page"]
